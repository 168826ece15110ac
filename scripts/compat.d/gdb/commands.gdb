set pagination off
set confirm off
set width 0
set print pretty on
break inferior.c:push if value == 25
break inferior.c:depth if list == 0
run
backtrace
info args
finish
print *$
print $.name
print *$$2.next
watch calls
continue
delete 3
continue
backtrace
up
print *list
print calls
delete
print depth(list)
print $_strlen(list->name)
python
print(len(gdb.selected_inferior().threads()), "threads")
values = []
node = gdb.parse_and_eval("list")
while node != 0:
    values.append(int(node["value"]))
    node = node["next"]
print("python sees", values)
print(len("x" * 1000000), sorted({str(i): i for i in range(20000)})[:3])
end
info symbol push
ptype struct node
continue
