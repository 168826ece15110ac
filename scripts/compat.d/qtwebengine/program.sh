title='Chromium (Qt WebEngine)'
light=no
describe='Chromium as a library, in python3 without a screen: a document built and laid out, canvas, JSON, maps, growing buffers, four workers'
main=('/python3[.0-9]*$' '/QtWebEngineProcess$')
page=$parts/chromium/page.html
explained='operator delete\(0x[0-9a-f]+\): wrong size 1, the block was allocated with 48 bytes'
explained_note='Qt WebEngine 5.15 deletes an object of 48 bytes as one of 1 byte; an operator delete that only compares sizes sees the same call on the C library'

find_program() { program=$(elf /usr/bin/python3) && "$program" -c 'import PyQt5.QtWebEngineWidgets'; }
version() { "$program" -c 'from PyQt5.QtWebEngine import PYQT_WEBENGINE_VERSION_STR as v; print(v)'; }
workload() {
    export QT_QPA_PLATFORM=offscreen QTWEBENGINE_DISABLE_SANDBOX=1 XDG_RUNTIME_DIR=$work
    under "$program" "$data/browse.py" "$page"
}
