// A file that makes the compiler allocate: deep recursion over types, hundreds of instantiations of
// the standard containers, compile-time tables, expression templates, regular expressions. The
// program it gives prints a few sums, and itself lives on operator new.
#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <future>
#include <iostream>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

// --- types as lists ----------------------------------------------------------------------------
template <int N> struct Tag {
    static constexpr int value = N;
    std::array<char, N % 64 + 1> bytes{};
    friend bool operator<(const Tag &a, const Tag &b) { return a.bytes < b.bytes; }
};

template <typename... T> struct List {};

template <typename A, typename B> struct Join;
template <typename... A, typename... B> struct Join<List<A...>, List<B...>> { using type = List<A..., B...>; };

template <int From, int To> struct Range {
    static constexpr int middle = From + (To - From) / 2;
    using type = typename Join<typename Range<From, middle>::type, typename Range<middle, To>::type>::type;
};
template <int From> struct Range<From, From + 1> { using type = List<Tag<From>>; };

template <typename L> struct Sum;
template <> struct Sum<List<>> { static constexpr long value = 0; };
template <typename H, typename... T> struct Sum<List<H, T...>> {
    static constexpr long value = H::value + Sum<List<T...>>::value;
};

using Tags = typename Range<0, 300>::type;
static_assert(Sum<Tags>::value == 300 * 299 / 2, "every tag is there once");

// --- compile-time sieve and matrix -------------------------------------------------------------
template <std::size_t N> constexpr std::array<bool, N> sieve()
{
    std::array<bool, N> prime{};
    for (std::size_t i = 2; i < N; ++i)
        prime[i] = true;
    for (std::size_t i = 2; i * i < N; ++i)
        if (prime[i])
            for (std::size_t j = i * i; j < N; j += i)
                prime[j] = false;
    return prime;
}
constexpr auto primes = sieve<20000>();

template <std::size_t... I> constexpr int count_primes(std::index_sequence<I...>) { return (0 + ... + int(primes[I])); }
static_assert(count_primes(std::make_index_sequence<1000>{}) == 168, "primes below 1000");

// --- expression templates ----------------------------------------------------------------------
template <typename E> struct Expression {
    double operator[](std::size_t i) const { return static_cast<const E &>(*this)[i]; }
    std::size_t size() const { return static_cast<const E &>(*this).size(); }
};
struct Vector : Expression<Vector> {
    std::vector<double> data;
    explicit Vector(std::size_t n, double v = 0) : data(n, v) {}
    template <typename E> Vector(const Expression<E> &e) : data(e.size())
    {
        for (std::size_t i = 0; i < data.size(); ++i)
            data[i] = e[i];
    }
    double operator[](std::size_t i) const { return data[i]; }
    std::size_t size() const { return data.size(); }
};
template <typename A, typename B, typename Op> struct Binary : Expression<Binary<A, B, Op>> {
    const A &a;
    const B &b;
    Binary(const A &x, const B &y) : a(x), b(y) {}
    double operator[](std::size_t i) const { return Op{}(a[i], b[i]); }
    std::size_t size() const { return a.size(); }
};
template <typename A, typename B> auto operator+(const Expression<A> &a, const Expression<B> &b)
{
    return Binary<A, B, std::plus<double>>(static_cast<const A &>(a), static_cast<const B &>(b));
}
template <typename A, typename B> auto operator*(const Expression<A> &a, const Expression<B> &b)
{
    return Binary<A, B, std::multiplies<double>>(static_cast<const A &>(a), static_cast<const B &>(b));
}

// --- one set of containers for each tag --------------------------------------------------------
template <int N> long work()
{
    std::map<int, Tag<N>> map;
    std::unordered_map<std::string, std::vector<Tag<N>>> table;
    std::list<std::unique_ptr<Tag<N>>> list;
    std::deque<std::variant<int, std::string, Tag<N>>> deque;
    std::set<Tag<N>> set;
    for (int i = 0; i < 60; ++i) {
        map[i * N % 31].bytes[0] = static_cast<char>(i);
        table["key" + std::to_string(i * N % 13)].push_back(Tag<N>{});
        list.push_back(std::make_unique<Tag<N>>());
        if (i % 3 == 0)
            deque.emplace_back(i);
        else if (i % 3 == 1)
            deque.emplace_back(std::string(static_cast<std::size_t>(i + N), 'x'));
        else
            deque.emplace_back(Tag<N>{});
        Tag<N> tag;
        tag.bytes[0] = static_cast<char>(i % 7);
        set.insert(tag);
    }
    long total = static_cast<long>(map.size() + list.size() + set.size());
    for (auto &entry : table)
        total += static_cast<long>(entry.second.size());
    for (auto &item : deque)
        total += std::visit(
            [](auto &value) -> long {
                using T = std::decay_t<decltype(value)>;
                if constexpr (std::is_same_v<T, int>)
                    return value;
                else if constexpr (std::is_same_v<T, std::string>)
                    return static_cast<long>(value.size());
                else
                    return T::value;
            },
            item);
    std::function<long(long)> next = [total](long x) { return x + total; };
    return next(N);
}
template <int... N> long work_all(std::integer_sequence<int, N...>) { return (0L + ... + work<N * 3 + 1>()); }

// --- the program -------------------------------------------------------------------------------
int main()
{
    std::cout << "tags " << Sum<Tags>::value << " primes " << std::count(primes.begin(), primes.end(), true) << '\n';
    std::cout << "containers " << work_all(std::make_integer_sequence<int, 4>{}) << '\n';

    Vector a(100000, 1.5), b(100000, 2.0), c(100000, 0.25);
    Vector d = a + b * c + a * a;
    std::cout << "vector " << std::accumulate(d.data.begin(), d.data.end(), 0.0) << '\n';

    std::string text;
    for (int i = 0; i < 3000; ++i)
        text += "word" + std::to_string(i * 7919 % 1000) + ' ';
    const std::regex pattern("word([0-9]+)");
    long sum = 0;
    for (std::sregex_iterator i(text.begin(), text.end(), pattern), end; i != end; ++i)
        sum += std::stol((*i)[1].str());
    std::cout << "regex " << sum << '\n';

    std::vector<std::future<std::size_t>> jobs;
    for (int n = 0; n < 4; ++n)
        jobs.push_back(std::async(std::launch::async, [n] {
            std::map<std::string, std::shared_ptr<std::string>> map;
            for (int i = 0; i < 20000; ++i)
                map[std::to_string(i * (n + 3) % 5000)] = std::make_shared<std::string>(static_cast<std::size_t>(i % 200), 'y');
            std::size_t size = 0;
            for (auto &entry : map)
                size += entry.second->size();
            return size;
        }));
    for (auto &job : jobs)
        std::cout << "thread " << job.get() << '\n';

    try {
        std::vector<char> impossible(static_cast<std::size_t>(-1) / 4);
        std::cout << "allocated " << impossible.size() << '\n';
    } catch (const std::bad_alloc &) {
        std::cout << "bad_alloc\n";
    }
    std::ostringstream out;
    for (auto &entry : std::map<int, std::string>{{1, "one"}, {2, "two"}})
        out << entry.first << entry.second;
    std::cout << out.str() << '\n';
    struct alignas(128) Wide { char bytes[128]; };
    std::vector<std::unique_ptr<Wide>> wide;
    bool aligned = true;
    for (int i = 0; i < 1000; ++i) {
        wide.push_back(std::make_unique<Wide>());
        aligned = aligned && reinterpret_cast<std::uintptr_t>(wide.back().get()) % 128 == 0;
    }
    std::cout << "aligned " << aligned << '\n';
    return 0;
}
