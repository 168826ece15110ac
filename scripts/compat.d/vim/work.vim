set undolevels=1000
%s/value \(\d\+\)/\='v=' . (submatch(1) * 2)/
g/text7$/d
g/text1\d/normal A (one)
%s/line/LINE/g
undo
redo
1,500copy $
1,500move $
normal gg5000Yp
sort /v=/ n
saveas! sorted
set foldmethod=expr foldexpr=getline(v:lnum)=~'text3'?1:0
%foldclose!
normal zRgg
let table = {}
for i in range(1, 20000)
  let key = 'k' . (i * 7919 % 997)
  let table[key] = get(table, key, '') . i
endfor
let list = map(sort(keys(table)), {_, k -> k . '=' . len(g:table[k])})
call writefile([len(list), join(list[0:20], ','), sha256(json_encode(table)), search('LINE 20000'), line('$')], 'result')
for i in range(200)
  new
  call setline(1, repeat(['window ' . i], 50))
  bwipeout!
endfor
diffsplit text
call writefile([winnr('$'), &diff], 'result', 'a')
qall!
