/*
 * nodes list|tree COUNT ROUNDS: small C++ nodes that are linked, walked, thinned out and filled up again.
 *
 * The walks outnumber the allocations, so what counts is how near to each other the allocator put the nodes.
 */
#include "bench.h"

#include <list>
#include <map>
#include <vector>

static size_t lists(size_t count, size_t rounds)
{
	// Filled in turn, so that nodes of one list lie between those of the others.
	std::vector<std::list<uint64_t>> list(16);
	uint64_t state = seed_of(1), sum = 0, expected = 0;
	for (size_t r = 0; r < rounds; r++) {
		for (size_t i = 0; i < count; i++) {
			list[i % list.size()].push_back(i);
			expected += i;
		}
		for (int walk = 0; walk < 8; walk++)
			for (const auto &l : list)
				for (uint64_t value : l)
					sum += value;
		if (sum != expected * 8)
			fail("the lists lost values");
		for (auto &l : list)
			for (auto at = l.begin(); at != l.end();)
				if (next_random(&state) % 2 == 0) {
					expected -= *at;
					at = l.erase(at);
				} else {
					++at;
				}
		sum = 0;
	}
	return rounds * count;
}

static size_t trees(size_t count, size_t rounds)
{
	std::map<uint64_t, uint64_t> tree;
	uint64_t state = seed_of(2);
	for (size_t r = 0; r < rounds; r++) {
		while (tree.size() < count) {
			uint64_t key = next_random(&state) % (count * 4);
			tree.emplace(key, key + 1);
		}
		for (int walk = 0; walk < 4; walk++)
			for (const auto &pair : tree)
				if (pair.second != pair.first + 1)
					fail("the tree holds a wrong value");
		for (size_t i = 0; i < count * 2; i++)
			tree.erase(next_random(&state) % (count * 4));
	}
	return rounds * count;
}

int main(int argc, char **argv)
{
	const char *usage = "list|tree COUNT ROUNDS";
	size_t count = number(argc, argv, 2, usage), rounds = number(argc, argv, 3, usage);
	size_t ops = strcmp(argv[1], "list") == 0 ? lists(count, rounds) : trees(count, rounds);
	printf("ops %zu\n", ops);
	return 0;
}
