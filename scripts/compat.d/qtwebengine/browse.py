"""Opens a page in Qt's browser engine, without a screen, and prints the page's result, or fails after a minute."""

import sys

from PyQt5.QtCore import QTimer, QUrl
from PyQt5.QtWebEngineWidgets import QWebEnginePage
from PyQt5.QtWidgets import QApplication

application = QApplication([sys.argv[0], "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
page = QWebEnginePage()


def result(text):
    print(text)
    application.quit()


def titled(title):
    if title == "done":
        page.runJavaScript("document.getElementById('result').textContent", result)


page.titleChanged.connect(titled)
QTimer.singleShot(60_000, lambda: application.exit(3))
page.load(QUrl.fromLocalFile(sys.argv[1]))
status = application.exec_()
# The page before the application: Qt wants it so.
del page
sys.exit(status)
