"""serve.py FOLDER FILE: serves FOLDER on 127.0.0.1, prints the port, and writes what is posted to FILE."""

import functools
import os
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class Handler(SimpleHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[2] + ".new", "wb") as file:
            file.write(body + b"\n")
        os.rename(sys.argv[2] + ".new", sys.argv[2])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1]))
print(server.server_port, flush=True)
server.serve_forever()
