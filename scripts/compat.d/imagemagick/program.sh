title=imagemagick
light=no
describe='convert: plasma, resize, blur, rotate, distort, quantize, compose, text, PNG, JPEG, GIF and TIFF; signatures of the pixels compared'
main=('/(convert|magick)[-.a-z0-9]*$' '/(identify|magick)[-.a-z0-9]*$')

# A convert elsewhere on PATH may be another program of that name.
find_program() {
    local candidate
    for candidate in /usr/bin/convert $(elf magick); do
        if "$candidate" -version 2>/dev/null | grep -q ImageMagick; then
            program=$candidate
            identify=(/usr/bin/identify)
            [ -x /usr/bin/identify ] || identify=("$program" identify)
            return 0
        fi
    done
    return 1
}
version() { "$program" -version | sed -n '1s/.*ImageMagick \([^ ]*\).*/\1/p'; }
workload() {
    export MAGICK_THREAD_LIMIT=2
    c() { under "$program" -seed 42 "$@"; }
    c -size 900x600 plasma:fractal base.miff
    c base.miff -resize 50% -rotate 17 -blur 0x3 a.png
    c base.miff -colorspace Lab -channel R -normalize +channel -colorspace sRGB -quality 85 b.jpg
    c base.miff -colors 64 -dither FloydSteinberg c.gif
    c base.miff -distort Arc 60 -compress lzw d.tiff
    c base.miff \( +clone -negate -flip \) -compose Overlay -composite -sharpen 0x2 e.png
    c base.miff -crop 100x100 +repage -append f.png
    c -size 200x200 gradient:red-blue -define gradient:angle=45 -wave 10x50 -liquid-rescale 50x100% g.png
    c base.miff a.png c.gif -resize 100x100! -morph 4 frames.miff
    c base.miff -fx 'u*0.5+u.p{i/2,j/2}*0.25' -resize 10% h.png
    under "${identify[@]}" -format '%f %w %h %#\n' base.miff a.png b.jpg c.gif d.tiff e.png f.png g.png frames.miff h.png
}
