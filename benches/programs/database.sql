create table item (i integer primary key, n integer, name text, body blob);
with recursive c(i, x) as (select 1, 42 union all select i + 1, (x * 1103515245 + 12345) % 2147483648 from c where i < 150000)
insert into item select i, x % 5000, 'name' || (x % 9973), zeroblob(x % 200) from c;
create index by_name on item (name, n);
create index by_n on item (n);
select count(*), sum(n), count(distinct name), sum(length(body)) from item;
select name, count(*) c, avg(n) from item group by name order by c desc, name limit 5;
select a.n, count(*) from item a join item b on a.name = b.name and a.i < b.i group by a.n order by 2 desc, 1 limit 5;
select length(group_concat(name, ',')) from (select name from item order by i);
select json_extract(j, '$.list[3].n'), length(j) from (select json_object('list', json_group_array(json_object('i', i, 'n', n))) j from (select * from item order by i limit 40000));
update item set name = upper(name) || n where n % 3 = 0;
delete from item where i % 7 = 0;
select count(*), sum(n), min(name), max(name) from item;
