// A file that makes the compiler allocate: the standard library's largest headers and many instantiations.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <sstream>
#include <unordered_map>
#include <variant>
#include <vector>

template <int N> struct Tag {
	long value[N % 7 + 1];
	bool operator<(const Tag &other) const { return value[0] < other.value[0]; }
};

template <int N> long use()
{
	std::map<Tag<N>, std::vector<Tag<N>>> map;
	map[Tag<N>{}].push_back(Tag<N>{});
	std::function<long(long)> add = [&map](long x) { return x + static_cast<long>(map.size()); };
	std::variant<int, Tag<N>, std::string> any = Tag<N>{};
	return add(N) + static_cast<long>(any.index());
}

template <int... N> long all(std::integer_sequence<int, N...>) { return (use<N>() + ...); }

int main()
{
	std::unordered_map<std::string, std::vector<int>> words;
	std::string text = "abc-123";
	std::mt19937_64 random(1);
	words[text].push_back(static_cast<int>(random() % 10));
	std::cout << all(std::make_integer_sequence<int, 6>{}) + static_cast<long>(words.size()) << "\n";
}
