// R1 with gates: both bounds in one pass backwards, then the starts that they leave open. As src/graph/reach-bounds.ts and
// reach-open.ts. Generated programs have no rules that need nothing, so those are left out.
#pragma once
#include <unordered_map>

struct Bounds {
  std::vector<u32> lanes, rowOf;  // node * 2: surely reached, + 1: at most
  std::vector<u8> ranks, nearer;
  u32 least(u32 v, u32 lane) const {
    u8 rank = ranks[size_t(v) * 32 + lane];
    return rowOf[v] ? std::min(rank, nearer[size_t(rowOf[v] - 1) * 32 + lane]) : rank;
  }
};

inline Bounds boundsOf(const Snapshot& s) {
  Bounds b{{}, std::vector<u32>(s.nodes), std::vector<u8>(size_t(s.nodes) * 32, 255), {}};
  std::vector<u32> gatesOf(s.nodes + 1), front, next, gains, nextGains(size_t(s.nodes) * 2);
  for (u32 g = 0; g < s.gates; g++) gatesOf[s.gateHeads[g] + 1]++;
  for (u32 v = 0; v < s.nodes; v++) gatesOf[v + 1] += gatesOf[v];
  for (u32 v = 0; v < s.nodes; v++) {
    gains.push_back(s.capabilityMasks[v]), gains.push_back(s.capabilityMasks[v]);
    if (s.capabilityMasks[v]) front.push_back(v);
  }
  b.lanes = gains;
  for (u32 step = 0; !front.empty(); step++) {
    u8 rank = std::min(step, 254u);
    auto give = [&](u32 v, u32 sure, u32 most) {
      size_t at = size_t(v) * 2;
      sure &= ~b.lanes[at], most &= ~b.lanes[at + 1];
      if (!(sure | most)) return;
      b.lanes[at] |= sure, b.lanes[at + 1] |= most;
      if (!(nextGains[at] | nextGains[at + 1])) next.push_back(v);
      nextGains[at] |= sure, nextGains[at + 1] |= most;
    };
    for (u32 v : front) {
      u32 sure = gains[size_t(v) * 2], most = gains[size_t(v) * 2 + 1], sooner = most & ~sure;
      gains[size_t(v) * 2] = gains[size_t(v) * 2 + 1] = 0;
      for (u32 bits = sure; bits; bits &= bits - 1) b.ranks[size_t(v) * 32 + __builtin_ctz(bits)] = rank;
      if (sooner && !b.rowOf[v]) b.nearer.resize(b.nearer.size() + 32, 255), b.rowOf[v] = b.nearer.size() / 32;
      for (u32 bits = sooner; bits; bits &= bits - 1) b.nearer[size_t(b.rowOf[v] - 1) * 32 + __builtin_ctz(bits)] = rank;
      for (u32 e = s.inOffsets[v]; e < s.inOffsets[v + 1]; e++) give(s.inBodies[e], sure, most);
      for (u32 e = s.gateBodyOffsets[gatesOf[v]]; e < s.gateBodyOffsets[gatesOf[v + 1]]; e++) give(s.gateBodies[e], 0, most);
    }
    front.swap(next), gains.swap(nextGains), next.clear();
  }
  return b;
}

struct Search {
  const Snapshot& s;
  Bounds b;
  std::vector<u8> seen = std::vector<u8>(s.nodes);
  std::vector<u16> arrivals = std::vector<u16>(s.gates);
  std::vector<u32> queue, counted;
  std::vector<u32> ranks;
  std::unordered_map<u32, std::array<u8, 32>> known{};

  bool isOfUse(u32 v, u32 rank, const u8* hops, u32 open) const {
    for (u32 bits = b.lanes[size_t(v) * 2 + 1] & open; bits; bits &= bits - 1) {
      u32 lane = __builtin_ctz(bits);
      if (hops[lane] == 255 || rank + b.least(v, lane) < hops[lane]) return true;
    }
    return false;
  }

  void reach(u32 v, u32 rank, const u8* hops, u32 open) {
    if (seen[v] || !isOfUse(v, rank, hops, open)) return;
    seen[v] = 1, queue.push_back(v), ranks.push_back(rank);
  }

  void clear() {
    for (u32 v : queue) seen[v] = 0;
    for (u32 g : counted) arrivals[g] = 0;
    queue.clear(), ranks.clear(), counted.clear();
  }

  bool leadsNowhere(u32 start, u32 first, const u8* hops, u32 open) {
    u32 tried = 1;
    bool ends = true;
    seen[start] = 1;
    reach(first, 1, hops, open);
    for (size_t at = 0; at < queue.size() && ends; at++) {
      u32 v = queue[at], rank = ranks[at] + 1;
      tried += s.outOffsets[v + 1] - s.outOffsets[v] + s.nodeGateOffsets[v + 1] - s.nodeGateOffsets[v];
      ends = !(s.capabilityMasks[v] & open) && tried <= 32;
      if (!ends) break;
      for (u32 e = s.outOffsets[v]; e < s.outOffsets[v + 1]; e++) reach(s.outHeads[e], rank, hops, open);
      for (u32 e = s.nodeGateOffsets[v]; e < s.nodeGateOffsets[v + 1]; e++) reach(s.gateHeads[s.nodeGates[e]], rank, hops, open);
    }
    seen[start] = 0, clear();
    return ends;
  }

  void explore(u32 start, u8* hops, u32 open) {
    reach(start, 0, hops, open);
    for (size_t at = 0; at < queue.size(); at++) {
      u32 v = queue[at], rank = ranks[at];
      if (!isOfUse(v, rank, hops, open)) continue;
      for (u32 bits = b.lanes[size_t(v) * 2] & open; bits; bits &= bits - 1) {
        u32 lane = __builtin_ctz(bits), hop = std::min(rank + b.ranks[size_t(v) * 32 + lane], 254u);
        if (hop < hops[lane]) hops[lane] = hop;
      }
      for (u32 e = s.outOffsets[v]; e < s.outOffsets[v + 1]; e++) reach(s.outHeads[e], rank + 1, hops, open);
      for (u32 e = s.nodeGateOffsets[v]; e < s.nodeGateOffsets[v + 1]; e++) {
        u32 g = s.nodeGates[e];
        counted.push_back(g);
        if (++arrivals[g] == s.gateNeeds[g]) reach(s.gateHeads[g], rank + 1, hops, open);
      }
    }
    clear();
  }

  void settle(u32 start, u8* hops, u32 depth) {
    const u32 none = ~0u;
    u32 open = 0, via = none;
    for (u32 lane = 0; lane < 32; lane++) {
      hops[lane] = b.ranks[size_t(start) * 32 + lane];
      if (b.rowOf[start] && b.least(start, lane) < hops[lane]) open |= 1u << lane;
    }
    if (!open) return;
    bool many = depth >= 64 || s.nodeGateOffsets[start] < s.nodeGateOffsets[start + 1];
    for (u32 e = s.outOffsets[start]; e < s.outOffsets[start + 1] && !many; e++) {
      u32 head = s.outHeads[e];
      if (head == via || !isOfUse(head, 1, hops, open) || leadsNowhere(start, head, hops, open)) continue;
      many = via != none, via = head;
    }
    if (many) return explore(start, hops, open);
    if (via == none) return;
    auto [found, fresh] = known.try_emplace(via);
    std::array<u8, 32> behind = found->second;
    if (fresh) settle(via, behind.data(), depth + 1), known[via] = behind;
    for (u32 bits = open; bits; bits &= bits - 1) {
      u32 lane = __builtin_ctz(bits);
      if (behind[lane] != 255) hops[lane] = std::min<u32>(hops[lane], std::min(behind[lane] + 1u, 254u));
    }
  }
};

inline Checksum reachLanes(const Snapshot& s) {
  Search search{s, boundsOf(s)};
  u32 count = 0;
  for (u32 v = 0; v < s.nodes; v++) count += s.accountBit[v];
  std::vector<u8> hops(size_t(count) * 32);
  u8* at = hops.data();
  for (u32 v = 0; v < s.nodes; v++) if (s.accountBit[v]) search.settle(v, at, 0), at += 32;
  u64 bits = 0, sum = 0;
  for (u8 hop : hops) if (hop != 255) bits++, sum += hop;
  return {bits, sum};
}
