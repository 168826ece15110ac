-- The sums do not depend on the order in which the clients' transactions ran.
select count(*), sum(delta) from pgbench_history;
select sum(abalance) from pgbench_accounts;
select sum(tbalance) = (select sum(bbalance) from pgbench_branches) from pgbench_tellers;

create table numbers as select i, (i * 7919::bigint) % 10007 as n, md5(i::text) as h from generate_series(1, 100000) i;
create index on numbers (n);
create index on numbers using gin (to_tsvector('english', h));
analyze numbers;
set work_mem = '256kB';
select md5(string_agg(h, ',' order by n, i)) from numbers;
set work_mem = '64MB';
select count(*), sum(a.n) from numbers a join numbers b on a.n = b.n where b.i < 20000;
select n % 10 as d, count(*), percentile_cont(0.5) within group (order by i) from numbers group by 1 order by 1;
select sum(r) from (select rank() over (partition by n % 100 order by h) r from numbers) x;
set max_parallel_workers_per_gather = 2;
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
select count(*), sum(length(h)) from numbers where h ~ '^[a-f].*9$';
set jit = on;
set jit_above_cost = 0;
select sum(i * 2 + n) from numbers where n > 17;
select length(jsonb_agg(jsonb_build_object('i', i, 'h', h))::text) from (select * from numbers order by i limit 20000) x;
select regexp_replace(repeat('abc123', 2000), '[0-9]+', '-', 'g') = repeat('abc-', 2000);
select count(*) from regexp_split_to_table(repeat('word ', 20000), ' ');
do $$
declare t text := ''; a int[] := '{}';
begin
  for i in 1..5000 loop
    t := t || i;
    a := a || i;
    begin
      if i % 100 = 0 then raise exception 'stop %', i; end if;
    exception when others then t := t || '!';
    end;
  end loop;
  raise notice 'nothing';
  create temp table result as select length(t) as l, array_length(a, 1) as n;
end $$;
select * from result;
with recursive f(a, b, k) as (select 0::numeric, 1::numeric, 0 union all select b, a + b, k + 1 from f where k < 500) select max(a) from f;
vacuum full numbers;
