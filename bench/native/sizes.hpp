// R2: components, condensed rows, the forest of largest out-neighbours, and the walk that keeps one reach set marked.
// As src/graph/size.ts without its put-off rows, which change the cost and never the answer.
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

  // The forest of all components that hold an account, and their ancestors; the root's children are in row `count`.
  std::vector<u8> needed(count);
  std::vector<u32> childOffsets(count + 3), children;
  for (u32 u = 0; u < s.nodes; u++) {
    if (s.accountBit[u]) for (u32 c = of[u]; c != ~0u && !needed[c]; c = parent[c]) needed[c] = 1;
  }
  auto rowOf = [&](u32 c) { return parent[c] == ~0u ? count : parent[c]; };
  for (u32 c = 0; c < count; c++) if (needed[c]) childOffsets[rowOf(c) + 2]++;
  for (u32 c = 0; c <= count + 1; c++) childOffsets[c + 1] += childOffsets[c];
  children.resize(childOffsets[count + 2]);
  for (u32 c = 0; c < count; c++) if (needed[c]) children[childOffsets[rowOf(c) + 1]++] = c;

  std::vector<u8> marked(count);
  std::vector<u16> have(s.gates);
  std::vector<u32> trail, starts(count), cursor = childOffsets, reachNodes(count), reachAccounts(count);
  u32 markedNodes = 0, markedAccounts = 0;
  auto mark = [&](u32 c) { if (!marked[c]) marked[c] = 1, trail.push_back(c); };
  auto extend = [&](size_t from) {
    for (size_t i = from; i < trail.size(); i++) {
      u32 c = trail[i];
      markedNodes += nodes[c], markedAccounts += accounts[c];
      for (u32 e = rows.offsets[c]; e < rows.offsets[c + 1]; e++) mark(rows.targets[e]);
      for (u32 e = gates.offsets[c]; e < gates.offsets[c + 1]; e++) {
        u32 g = gates.targets[e];
        if (++have[g] == s.gateNeeds[g]) mark(of[s.gateHeads[g]]);
      }
    }
  };
  for (u32 i = 0; i < s.axioms.size; i++) mark(of[s.axioms[i]]);
  extend(0);
  for (u32 at = count;;) {
    if (cursor[at] == childOffsets[at + 1]) {
      if (at == count) break;
      for (size_t i = starts[at]; i < trail.size(); i++) {
        u32 c = trail[i];
        marked[c] = 0, markedNodes -= nodes[c], markedAccounts -= accounts[c];
        for (u32 e = gates.offsets[c]; e < gates.offsets[c + 1]; e++) have[gates.targets[e]]--;
      }
      trail.resize(starts[at]);
      at = rowOf(at);
      continue;
    }
    u32 c = children[cursor[at]++];
    starts[c] = trail.size();
    mark(c);
    extend(starts[c]);
    reachNodes[c] = markedNodes, reachAccounts[c] = markedAccounts;
    at = c;
  }
  Checksum sum(2);
  for (u32 u = 0; u < s.nodes; u++) if (s.accountBit[u]) sum[0] += reachNodes[of[u]] - 1, sum[1] += reachAccounts[of[u]] - 1;
  return sum;
}
