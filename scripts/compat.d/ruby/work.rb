require 'digest'
require 'json'
require 'set'
require 'zlib'

$stdout.sync = true
$seed = 42
def number = $seed = ($seed * 1103515245 + 12345) % 2147483648
def digest(data) = Digest::SHA256.hexdigest(data)[0, 16]

table = Hash.new { |h, k| h[k] = [] }
150_000.times do |i|
  n = number
  table[n % 4001] << "value#{i}" * (1 + n % 4)
  table.delete((n >> 3) % 4001) if (i % 11).zero?
end
text = JSON.generate(table.sort.to_h)
puts table.size, text.size, digest(text)
copy = Marshal.load(Marshal.dump(JSON.parse(text)))
puts copy.size, digest(Zlib::Inflate.inflate(Zlib::Deflate.deflate(text)))

words = Array.new(60_000) { format('word%05d', number % 30_000) }.join(' ')
puts words.scan(/word(\d+)/).flatten.to_set.size, digest(words.gsub(/word0*(\d+)/) { "<#{$1}>" })
buffer = +''
40_000.times { |i| buffer << i.to_s; buffer.slice!(0, buffer.size / 3) if (i % 1000).zero? }
puts buffer.size, digest(buffer)
puts (1..400).inject(:*).to_s.size, digest((7**20_000).to_s)

results = Array.new(6) do |n|
  Thread.new { h = {}; 20_000.times { |i| h[i % 777] = (h[i % 777] || '') + n.to_s }; digest(h.sort.flatten.join) }
end.map(&:value)
puts results
ractors = Array.new(3) { |n| Ractor.new(n) { |k| Array.new(30_000) { |i| (i * (k + 1)).to_s }.join.size } }
puts ractors.map(&:take)

5.times do |i|
  reader, writer = IO.pipe
  pid = fork { reader.close; writer.write(Array.new(20_000, i).join.size); exit!(0) }
  writer.close
  puts reader.read
  Process.wait(pid)
end
GC.compact if GC.respond_to?(:compact)
GC.stress = true
puts (1..50).map { |i| "stress #{i}".upcase }.last
GC.stress = false
Fiber.new { 10_000.times.map { |i| Object.new }.size }.resume
puts Array.new(2000) { |i| Fiber.new { i * 2 } }.sum(&:resume)
