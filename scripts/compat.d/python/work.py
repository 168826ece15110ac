import array
import collections
import gc
import hashlib
import json
import multiprocessing
import pickle
import re
import sqlite3
import threading
import zlib

seed = 42


def number():
    global seed
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed


def digest(value):
    if isinstance(value, str):
        value = value.encode()
    return hashlib.sha256(value).hexdigest()[:16]


def containers():
    table = collections.defaultdict(list)
    for i in range(150_000):
        n = number()
        table[n % 4001].append("value%d" % i * (1 + n % 4))
        if i % 11 == 0:
            table.pop((n >> 3) % 4001, None)
    print(len(table), sum(map(len, table.values())))
    text = json.dumps({str(k): v for k, v in sorted(table.items())})
    print(len(text), digest(text))
    again = json.loads(text)
    packed = pickle.dumps(again)
    print(len(packed), pickle.loads(packed) == again)
    squeezed = zlib.compress(packed, 6)
    print(zlib.decompress(squeezed) == packed, len(squeezed) < len(packed))


def strings():
    text = " ".join("word%05d" % (number() % 30_000) for _ in range(60_000))
    words = collections.Counter(re.findall(r"word(\d+)", text))
    print(len(words), words.most_common(1)[0][1])
    other = re.sub(r"word0*(\d+)", lambda m: "<%s>" % m.group(1), text)
    print(len(other), digest(other))
    buffer = bytearray()
    for i in range(40_000):
        buffer += str(i).encode()
        if i % 1000 == 0:
            del buffer[: len(buffer) // 3]
    print(len(buffer), digest(bytes(buffer)))
    numbers = array.array("q", (number() % 1000 for _ in range(200_000)))
    print(sum(numbers), digest(memoryview(numbers)[::-1].tobytes()))


class Node:
    def __init__(self, value):
        self.value, self.me = value, self


def cycles():
    for i in range(30_000):
        Node([i] * (i % 50))
    gc.collect()
    print("cycles collected", not any(isinstance(o, Node) for o in gc.get_objects()))


def database():
    base = sqlite3.connect(":memory:")
    base.execute("create table t (a integer primary key, b text, c real)")
    base.executemany("insert into t values (?, ?, ?)", ((i, "row%d" % (number() % 500), i / 3) for i in range(20_000)))
    base.execute("create index i on t (b)")
    print(base.execute("select count(distinct b), sum(a), max(length(b)) from t").fetchone())


def job(n):
    table = {}
    for i in range(20_000):
        table[i % 777] = table.get(i % 777, "") + str(n)
    return digest("".join(table[k] for k in sorted(table)))


def threads():
    results = {}
    workers = [threading.Thread(target=lambda n=n: results.update({n: job(n)})) for n in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print([results[n] for n in sorted(results)])
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(job, range(6)))


if __name__ == "__main__":
    containers()
    strings()
    cycles()
    database()
    threads()
