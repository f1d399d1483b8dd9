// The same algorithms as src/graph over the same snapshot file: how far TypeScript is from native code.
// Built by the benchmark with g++ -O3 -march=native. Usage: kernels <snapshot> <stage> <repeats>; prints JSON.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
template <class T> struct Array { const T* at; size_t size; const T& operator[](size_t i) const { return at[i]; } };

// Sections in file order; see src/graph/snapshot-file.ts. The digests are not checked here.
struct Snapshot {
  std::vector<u64> bytes;
  u32 nodes, rules, gates;
  Array<u32> outOffsets, outHeads, outRules, inOffsets, inBodies, gateHeads;
  Array<u16> gateNeeds;
  Array<u32> gateRules, gateBodyOffsets, gateBodies, nodeGateOffsets, nodeGates, axioms, axiomRules;
  Array<u8> accountBit;
  Array<u32> capabilityMasks, attackerSeeds, ownerSeeds, directNodes;
  Array<u8> ruleTiers, ruleEfforts;

  explicit Snapshot(const char* path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) { fprintf(stderr, "cannot read %s\n", path); exit(1); }
    size_t size = file.tellg();
    bytes.resize((size + 7) / 8);
    file.seekg(0);
    file.read(reinterpret_cast<char*>(bytes.data()), size);
    const u32* header = reinterpret_cast<const u32*>(bytes.data());
    if (header[2] != 1) { fprintf(stderr, "snapshot of another version\n"); exit(1); }
    nodes = header[5], rules = header[6], gates = header[7];
    const u32* counts = header + 8;
    char* at = reinterpret_cast<char*>(bytes.data()) + (8 + 2 * 21 + 1 + 1) / 2 * 8;
    auto take = [&](auto& array) {
      using T = std::remove_const_t<std::remove_pointer_t<decltype(array.at)>>;
      array.at = reinterpret_cast<const T*>(at), array.size = *counts, counts += 2;
      at += (array.size * sizeof(T) + 7) / 8 * 8;
    };
    take(outOffsets), take(outHeads), take(outRules), take(inOffsets), take(inBodies), take(gateHeads), take(gateNeeds);
    take(gateRules), take(gateBodyOffsets), take(gateBodies), take(nodeGateOffsets), take(nodeGates), take(axioms);
    take(axiomRules), take(accountBit), take(capabilityMasks), take(attackerSeeds), take(ownerSeeds), take(directNodes);
    take(ruleTiers), take(ruleEfforts);
  }
};

using Checksum = std::vector<u64>;

// R1 over plain edges, level by level backwards; hops only of accounts.
Checksum reachPlain(const Snapshot& s) {
  std::vector<u32> slot(s.nodes, 0), masks(s.capabilityMasks.at, s.capabilityMasks.at + s.nodes), gains = masks, nextGains(s.nodes);
  u32 slots = 0;
  for (u32 v = 0; v < s.nodes; v++) if (s.accountBit[v]) slot[v] = ++slots;
  std::vector<u8> hops(size_t(slots) * 32, 255);
  std::vector<u32> front, next;
  for (u32 v = 0; v < s.nodes; v++) if (gains[v]) front.push_back(v);
  for (u32 step = 0; !front.empty(); step++) {
    for (u32 v : front) {
      u32 gain = gains[v];
      gains[v] = 0;
      if (slot[v]) for (u32 bits = gain; bits; bits &= bits - 1) hops[size_t(slot[v] - 1) * 32 + __builtin_ctz(bits)] = std::min(step, 254u);
      for (u32 e = s.inOffsets[v]; e < s.inOffsets[v + 1]; e++) {
        u32 body = s.inBodies[e], fresh = gain & ~masks[body];
        if (!fresh) continue;
        masks[body] |= fresh;
        if (!nextGains[body]) next.push_back(body);
        nextGains[body] |= fresh;
      }
    }
    front.swap(next), gains.swap(nextGains), next.clear();
  }
  u64 bits = 0, sum = 0;
  for (u32 v = 0; v < s.nodes; v++) if (slot[v]) bits += __builtin_popcount(masks[v]);
  for (u8 hop : hops) if (hop != 255) sum += hop;
  return {bits, sum};
}

// R3 and R6: level-synchronous closure of 32 lanes with bit-plane counters at the gates.
Checksum closure(const Snapshot& s, const Array<u32>& seeds) {
  std::vector<u32> masks(seeds.at, seeds.at + s.nodes), planeOffsets(s.gates + 1), planes;
  for (u32 v : std::vector<u32>(s.axioms.at, s.axioms.at + s.axioms.size)) masks[v] = ~0u;
  for (u32 g = 0; g < s.gates; g++) {
    u32 count = 32 - __builtin_clz(s.gateNeeds[g] - 1), initial = (1u << count) - s.gateNeeds[g];
    for (u32 p = 0; p < count; p++) planes.push_back((initial >> p) & 1 ? ~0u : 0);
    planeOffsets[g + 1] = planes.size();
  }
  std::vector<u8> ranks(size_t(s.nodes) * 32, 255);
  std::vector<u32> gains = masks, nextGains(s.nodes), front, next;
  for (u32 v = 0; v < s.nodes; v++) if (gains[v]) front.push_back(v);
  for (u32 rank = 0; !front.empty(); rank++) {
    auto give = [&](u32 head, u32 bits) {
      u32 fresh = bits & ~masks[head];
      if (!fresh) return;
      masks[head] |= fresh;
      if (!nextGains[head]) next.push_back(head);
      nextGains[head] |= fresh;
    };
    for (u32 v : front) {
      u32 gain = gains[v];
      gains[v] = 0;
      for (u32 bits = gain; bits; bits &= bits - 1) ranks[size_t(v) * 32 + __builtin_ctz(bits)] = std::min(rank, 254u);
      for (u32 e = s.outOffsets[v]; e < s.outOffsets[v + 1]; e++) give(s.outHeads[e], gain);
      for (u32 e = s.nodeGateOffsets[v]; e < s.nodeGateOffsets[v + 1]; e++) {
        u32 g = s.nodeGates[e], carry = gain;
        for (u32 p = planeOffsets[g]; p < planeOffsets[g + 1] && carry; p++) {
          u32 plane = planes[p];
          planes[p] = plane ^ carry, carry &= plane;
        }
        if (carry) give(s.gateHeads[g], carry);
      }
    }
    front.swap(next), gains.swap(nextGains), next.clear();
  }
  u64 bits = 0, sum = 0;
  for (u32 mask : masks) bits += __builtin_popcount(mask);
  for (u8 rank : ranks) if (rank != 255) sum += rank;
  return {bits, sum};
}

// R4: Knuth's algorithm; one bucket of nodes per distinct cost. A cost is its effort per tier, highest tier first.
using Cost = std::array<u32, 5>;
constexpr u32 FIELD_MAX = (1u << 17) - 1;
Cost plus(Cost a, const Cost& b) {
  for (int i = 0; i < 5; i++) a[i] += b[i];
  for (int i = 0; i < 5; i++) if (a[i] >= FIELD_MAX) { for (int j = i; j < 5; j++) a[j] = FIELD_MAX; break; }
  return a;
}
Checksum weakest(const Snapshot& s) {
  std::vector<Cost> costs{Cost{}};  // by id, in order of first use
  std::map<Cost, u32> ids{{Cost{}, 0}};
  std::vector<std::vector<u32>> buckets(1);
  std::map<Cost, u32> open;
  auto idOf = [&](const Cost& cost) {
    auto [it, fresh] = ids.try_emplace(cost, costs.size());
    if (fresh) costs.push_back(cost), buckets.emplace_back();
    return it->second;
  };
  auto ruleCost = [&](u32 rule) {
    Cost cost{};
    u32 tier = s.ruleTiers[rule], effort = s.ruleEfforts[rule];
    cost[4 - tier] = tier > 0 && effort == 0 ? 1 : effort;
    return cost;
  };
  std::vector<u32> best(s.nodes, ~0u), gathered(s.gates, 0);
  std::vector<u16> missing(s.gateNeeds.at, s.gateNeeds.at + s.gates);
  std::vector<u8> settled(s.nodes);
  std::vector<u32> vias(s.nodes, ~0u), places(s.nodes, ~0u);
  u32 place = 0;
  u32 leastRule = 0;
  for (u32 r = 1; r < s.rules + s.directNodes.size; r++) if (ruleCost(r) < ruleCost(leastRule)) leastRule = r;
  auto offer = [&](u32 node, u32 id, u32 via) {
    if (best[node] != ~0u && !(costs[id] < costs[best[node]])) return;
    best[node] = id, vias[node] = via;
    if (buckets[id].empty()) open[costs[id]] = id;
    buckets[id].push_back(node);
  };
  for (u32 i = 0; i < s.axioms.size; i++) offer(s.axioms[i], idOf(ruleCost(s.axiomRules[i])), s.outHeads.size + s.gates + i);
  for (u32 i = 0; i < s.directNodes.size; i++) offer(s.directNodes[i], idOf(ruleCost(s.rules + i)), s.outHeads.size + s.gates + s.axioms.size + i);
  std::array<u32, 5 * 256> sums;
  while (!open.empty()) {
    u32 id = open.begin()->second, least = idOf(plus(costs[id], ruleCost(leastRule)));
    sums.fill(~0u);
    for (size_t i = 0; i < buckets[id].size(); i++) {
      u32 v = buckets[id][i];
      if (settled[v] || best[v] != id) continue;
      settled[v] = 1, places[v] = place++;
      for (u32 e = s.outOffsets[v]; e < s.outOffsets[v + 1]; e++) {
        u32 head = s.outHeads[e];
        if (settled[head] || best[head] == least || (best[head] != ~0u && !(costs[least] < costs[best[head]]))) continue;
        u32 rule = s.outRules[e], kind = s.ruleTiers[rule] * 256 + s.ruleEfforts[rule];
        if (sums[kind] == ~0u) sums[kind] = idOf(plus(costs[id], ruleCost(rule)));
        offer(head, sums[kind], e);
      }
      for (u32 e = s.nodeGateOffsets[v]; e < s.nodeGateOffsets[v + 1]; e++) {
        u32 g = s.nodeGates[e];
        if (missing[g] == 0 || settled[s.gateHeads[g]]) continue;
        gathered[g] = idOf(plus(costs[gathered[g]], costs[id]));
        if (--missing[g] == 0) offer(s.gateHeads[g], idOf(plus(costs[gathered[g]], ruleCost(s.gateRules[g]))), s.outHeads.size + g);
      }
    }
    open.erase(costs[id]);
    buckets[id].clear();
  }
  if (place > s.nodes || vias.size() != places.size()) exit(1);  // both are part of the answer: not to be optimised away
  Checksum sum(6);
  for (u32 v = 0; v < s.nodes; v++) {
    if (best[v] == ~0u) continue;
    sum[5]++;
    for (int tier = 0; tier < 5; tier++) sum[tier] += costs[best[v]][4 - tier];
  }
  return sum;
}

#include "reach.hpp"
#include "sizes.hpp"

int main(int argc, char** argv) {
  if (argc < 4) { fprintf(stderr, "usage: kernels <snapshot> <stage> <repeats>\n"); return 1; }
  Snapshot s(argv[1]);
  std::map<std::string, std::function<Checksum()>> stages{
      {"r1-plain", [&] { return reachPlain(s); }}, {"r1", [&] { return reachLanes(s); }}, {"r2", [&] { return reachSizes(s); }},
      {"r3", [&] { return closure(s, s.attackerSeeds); }}, {"r4", [&] { return weakest(s); }},
      {"r6", [&] { return closure(s, s.ownerSeeds); }}};
  double least = 1e30, leastCpu = 1e30;
  Checksum checksum;
  for (int i = 0; i < atoi(argv[3]); i++) {
    auto start = std::chrono::steady_clock::now();
    std::clock_t cpu = std::clock();
    checksum = stages.at(argv[2])();
    least = std::min(least, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    leastCpu = std::min(leastCpu, (std::clock() - cpu) * 1000.0 / CLOCKS_PER_SEC);
  }
  printf("{\"wallMs\":%.3f,\"cpuMs\":%.3f,\"checksum\":[", least, leastCpu);
  for (size_t i = 0; i < checksum.size(); i++) printf("%s%llu", i ? "," : "", (unsigned long long)checksum[i]);
  printf("]}\n");
}
