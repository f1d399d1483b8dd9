// R2: components, condensed rows, the forest of largest out-neighbours, and the walk that keeps one reach set marked.
// As src/graph/size.ts and size-plan.ts.
#pragma once

struct Rows { std::vector<u32> offsets, targets; };

inline u32 componentsOf(const Snapshot& s, std::vector<u32>& of) {
  std::vector<u32> low(s.nodes), cursor(s.nodes), path, held;
  std::vector<u8> isRoot(s.nodes);
  u32 visits = 1, count = 0;
  auto open = [&](u32 v) { path.push_back(v), low[v] = visits++, isRoot[v] = 1, cursor[v] = s.outOffsets[v]; };
  for (u32 start = 0; start < s.nodes; start++) {
    if (low[start]) continue;
    open(start);
    while (!path.empty()) {
      u32 u = path.back(), i = cursor[u], down = ~0u;
      for (; i < s.outOffsets[u + 1]; i++) {
        u32 v = s.outHeads[i];
        if (!low[v]) { down = v; break; }
        if (low[v] < low[u]) low[u] = low[v], isRoot[u] = 0;
      }
      cursor[u] = i;
      if (down != ~0u) { open(down); continue; }
      path.pop_back();
      if (!isRoot[u]) { held.push_back(u); continue; }
      u32 done = ~0u - count++;
      visits--;
      while (!held.empty() && low[held.back()] >= low[u]) low[held.back()] = done, held.pop_back(), visits--;
      low[u] = done;
    }
  }
  for (u32& l : low) l = ~0u - l;
  of.swap(low);
  return count;
}

inline Checksum reachSizes(const Snapshot& s) {
  std::vector<u32> of;
  u32 count = componentsOf(s, of);
  std::vector<u32> memberOffsets(count + 2), members(s.nodes), nodes(count), accounts(count);
  for (u32 u = 0; u < s.nodes; u++) memberOffsets[of[u] + 2]++, nodes[of[u]]++, accounts[of[u]] += s.accountBit[u];
  for (u32 c = 0; c <= count; c++) memberOffsets[c + 1] += memberOffsets[c];
  for (u32 u = 0; u < s.nodes; u++) members[memberOffsets[of[u] + 1]++] = u;

  Rows rows{{0}, {}}, gates{{0}, {}};
  std::vector<u32> lastSeen(count, ~0u), parent(count, ~0u);
  std::vector<float> estimates(count), least(size_t(count) * 4);
  u32 state = 0x9e3779b9;
  for (u32 c = 0; c < count; c++) {
    float* mine = &least[size_t(c) * 4];
    for (int k = 0; k < 4; k++) {
      state = state * 1664525u + 1013904223u;
      u32 z = (state ^ (state >> 16)) * 0x85ebca6bu;
      z = (z ^ (z >> 13)) * 0xc2b2ae35u;
      mine[k] = -std::log((z + 1.0) / 4294967297.0) / nodes[c];
    }
    float largest = 0;
    for (u32 m = memberOffsets[c]; m < memberOffsets[c + 1]; m++) {
      u32 u = members[m];
      for (u32 e = s.outOffsets[u]; e < s.outOffsets[u + 1]; e++) {
        u32 d = of[s.outHeads[e]];
        if (d == c || lastSeen[d] == c) continue;
        lastSeen[d] = c, rows.targets.push_back(d);
        for (int k = 0; k < 4; k++) mine[k] = std::min(mine[k], least[size_t(d) * 4 + k]);
        if (estimates[d] > largest) largest = estimates[d], parent[c] = d;
      }
      for (u32 e = s.nodeGateOffsets[u]; e < s.nodeGateOffsets[u + 1]; e++) gates.targets.push_back(s.nodeGates[e]);
    }
    estimates[c] = 3 / std::max(mine[0] + mine[1] + mine[2] + mine[3], 1e-30f);
    rows.offsets.push_back(rows.targets.size()), gates.offsets.push_back(gates.targets.size());
  }

  std::vector<u8> marked(count), done(count), delays(count);
  std::vector<u16> have(s.gates);
  std::vector<u32> trail, gateTrail, starts(count), gateStarts(count), reachNodes(count), reachAccounts(count);
  u32 markedNodes = 0, markedAccounts = 0;
  auto mark = [&](u32 c) { if (!marked[c]) marked[c] = 1, trail.push_back(c); };
  auto extend = [&](size_t from, size_t patience) {
    size_t i = from;
    for (; i < trail.size() && trail.size() - from <= patience; i++) {
      u32 c = trail[i];
      markedNodes += nodes[c], markedAccounts += accounts[c];
      for (u32 e = rows.offsets[c]; e < rows.offsets[c + 1]; e++) mark(rows.targets[e]);
      for (u32 e = gates.offsets[c]; e < gates.offsets[c + 1]; e++) {
        u32 g = gates.targets[e];
        gateTrail.push_back(g);
        if (++have[g] == s.gateNeeds[g]) mark(of[s.gateHeads[g]]);
      }
    }
    return i;
  };
  auto retract = [&](size_t start, size_t gateStart) {
    for (size_t i = start; i < trail.size(); i++) marked[trail[i]] = 0;
    for (size_t i = gateStart; i < gateTrail.size(); i++) have[gateTrail[i]]--;
    trail.resize(start), gateTrail.resize(gateStart);
  };
  auto putOff = [&](u32 c, size_t start, size_t next) {
    u32 best = ~0u;
    double most = markedNodes;
    for (size_t i = start + 1; i < trail.size(); i++) {
      u32 d = trail[i];
      double size = done[d] ? reachNodes[d] : delays[d] ? std::max<double>(estimates[d], markedNodes + 1.0) : estimates[d];
      if (size > most) most = size, best = d;
    }
    if (best == ~0u && delays[c]) { extend(next, ~size_t(0)); return false; }
    if (best != ~0u) {
      u32 at = best;
      while (at != ~0u && at != c) at = parent[at];
      if (at == ~0u) parent[c] = best;
    }
    delays[c]++;
    return true;
  };
  auto rowOf = [&](u32 c) { return parent[c] == ~0u ? count : parent[c]; };
  for (u32 i = 0; i < s.axioms.size; i++) mark(of[s.axioms[i]]);
  extend(0, ~size_t(0));
  const u32 rootNodes = markedNodes, rootAccounts = markedAccounts;
  for (int round = 0;; round++) {
    // The forest of all components that hold an account, and their ancestors; the root's children are in row `count`.
    std::vector<u8> needed(count);
    std::vector<u32> childOffsets(count + 3), children;
    bool open = false;
    for (u32 u = 0; u < s.nodes; u++) {
      if (!s.accountBit[u] || done[of[u]]) continue;
      open = true;
      for (u32 c = of[u]; c != ~0u && !needed[c]; c = parent[c]) needed[c] = 1;
    }
    if (!open) break;
    for (u32 c = 0; c < count; c++) if (needed[c]) childOffsets[rowOf(c) + 2]++;
    for (u32 c = 0; c <= count + 1; c++) childOffsets[c + 1] += childOffsets[c];
    children.resize(childOffsets[count + 2]);
    for (u32 c = 0; c < count; c++) if (needed[c]) children[childOffsets[rowOf(c) + 1]++] = c;
    auto larger = [&](u32 a, u32 b) { return estimates[a] > estimates[b]; };
    if (round) std::sort(children.begin() + childOffsets[count], children.begin() + childOffsets[count + 1], larger);
    std::vector<u32> cursor = childOffsets;
    for (u32 at = count;;) {
      if (cursor[at] == childOffsets[at + 1]) {
        if (at == count) break;
        retract(starts[at], gateStarts[at]);
        at = rowOf(at);
        markedNodes = at == count ? rootNodes : reachNodes[at];
        markedAccounts = at == count ? rootAccounts : reachAccounts[at];
        continue;
      }
      u32 c = children[cursor[at]++];
      starts[c] = trail.size(), gateStarts[c] = gateTrail.size();
      if (!marked[c]) {
        u32 nodesBefore = markedNodes, accountsBefore = markedAccounts;
        mark(c);
        size_t next = extend(starts[c], done[c] || round > 6 || delays[c] >= 3 ? ~size_t(0) : 4096);
        if (next < trail.size() && putOff(c, starts[c], next)) {
          retract(starts[c], gateStarts[c]);
          markedNodes = nodesBefore, markedAccounts = accountsBefore;
          continue;
        }
      }
      reachNodes[c] = markedNodes, reachAccounts[c] = markedAccounts, done[c] = 1;
      at = c;
    }
  }
  Checksum sum(2);
  for (u32 u = 0; u < s.nodes; u++) if (s.accountBit[u]) sum[0] += reachNodes[of[u]] - 1, sum[1] += reachAccounts[of[u]] - 1;
  return sum;
}
