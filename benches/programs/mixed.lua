-- For redis: 60,000 values of many sizes, two thirds replaced by values of other sizes, half deleted.
for i = 1, 60000 do redis.call('set', 'm' .. i, string.rep('x', i * 7919 % 1500)) end
for i = 1, 60000 do
    if i % 3 > 0 then redis.call('set', 'm' .. i, string.rep('y', i * 6007 % 3000)) end
    if i % 2 == 0 then redis.call('del', 'm' .. (i * 17 % 60000 + 1)) end
end
for i = 1, 20000 do redis.call('hset', 'h' .. i % 500, 'f' .. i, i) end
return redis.call('dbsize')
