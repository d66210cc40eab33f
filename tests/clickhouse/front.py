#!/usr/bin/env python3
"""ClickHouse's HTTP protocol in front of chDB, for tests. What it can't show is in README.md."""

import argparse
import os
import re
import select
import signal
import socket
import sys
import threading
import time
import urllib.parse
import uuid

from chdb import _chdb

# A real server takes neither a longer request line nor a longer form value, in the URL or in a multipart body,
# unless its default profile says otherwise. Kept here, or a query could pass the tests and fail at a user's.
MAX_LINE = 1 << 20
MAX_VALUE = 128 << 10

# Arguments the network stack of a server eats, and settings that have no sense with one query at a time.
IGNORED = {
    "user", "password", "quota_key", "role", "session_id", "session_timeout", "session_check", "close_session",
    "query_id", "stacktrace", "buffer_size", "wait_end_of_query", "client_protocol_version", "compress", "decompress",
    "async_insert", "wait_for_async_insert", "wait_for_async_insert_timeout", "async_insert_deduplicate",
    "async_insert_busy_timeout_ms", "async_insert_busy_timeout_min_ms", "async_insert_busy_timeout_max_ms",
    "async_insert_max_data_size", "async_insert_max_query_number", "async_insert_use_adaptive_busy_timeout",
}

# The library's defaults that differ from a server's.
DEFAULTS = {"implicit_select": "0", "allow_introspection_functions": "0"}

# As a server answers them; any other code is a 500.
STATUS = {
    400: "BAD_ARGUMENTS CANNOT_COMPILE_REGEXP CANNOT_PARSE_TEXT CANNOT_PARSE_ESCAPE_SEQUENCE "
         "CANNOT_PARSE_QUOTED_STRING CANNOT_PARSE_DATE CANNOT_PARSE_DATETIME CANNOT_PARSE_NUMBER "
         "CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING CANNOT_PARSE_IPV4 CANNOT_PARSE_IPV6 CANNOT_PARSE_UUID "
         "CANNOT_PARSE_INPUT_ASSERTION_FAILED DUPLICATE_COLUMN ILLEGAL_COLUMN THERE_IS_NO_COLUMN "
         "UNKNOWN_ELEMENT_IN_AST UNKNOWN_TYPE_OF_AST_NODE TOO_DEEP_AST TOO_BIG_AST UNEXPECTED_AST_STRUCTURE "
         "SYNTAX_ERROR INCORRECT_DATA TYPE_MISMATCH VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
    403: "ACCESS_DENIED",
    404: "UNKNOWN_TABLE UNKNOWN_FUNCTION UNKNOWN_IDENTIFIER UNKNOWN_TYPE UNKNOWN_STORAGE UNKNOWN_DATABASE "
         "UNKNOWN_SETTING UNKNOWN_DIRECTION_OF_SORTING UNKNOWN_AGGREGATE_FUNCTION UNKNOWN_FORMAT "
         "UNKNOWN_DATABASE_ENGINE UNKNOWN_TYPE_OF_QUERY UNKNOWN_ROLE",
    408: "TIMEOUT_EXCEEDED",
    413: "QUERY_IS_TOO_LARGE",
    501: "NOT_IMPLEMENTED",
    503: "CANNOT_OPEN_FILE CANNOT_SCHEDULE_TASK SOCKET_TIMEOUT",
}
STATUS_OF = {name: status for status, names in STATUS.items() for name in names.split()}
REASON = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 408: "Request Timeout",
          413: "Request Entity Too Large", 500: "Internal Server Error", 501: "Not Implemented",
          503: "Service Unavailable"}

TOKEN = re.compile(
    rb"\s+|--[^\n]*|\#[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`(?:[^`\\]|\\.|``)*`|\w+|.", re.S)


class Failed(Exception):
    """An answer that is not a result."""

    def __init__(self, text, status=None):
        super().__init__(text)
        code = re.match(r"Code: (\d+)\.", text)
        names = re.findall(r"\(([A-Z][A-Z0-9_]+)\)", text)
        self.text = text
        self.code = code.group(1) if code else None
        self.status = status or STATUS_OF.get(names[-1] if names else None, 500)


def failed(code, name, text, status=None):
    return Failed(f"Code: {code}. DB::Exception: {text}. ({name})", status)


class Gone(Exception):
    """The other side has left, or is to be left without a reply."""


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def name_quoted(text):
    return "`" + text.replace("\\", "\\\\").replace("`", "\\`") + "`"


def insert_with_data(query):
    """(statement, format, data) of an INSERT that carries data in a format, None for all else.

    VALUES go to the engine as they are: it reads them itself, and with parameters.
    """
    depth, words, at = 0, 0, 0
    selects = False
    while match := TOKEN.match(query, at):
        start, at = match.span()
        token = match.group()
        if token.isspace() or token.startswith((b"--", b"#", b"/*")):
            continue
        words += 1
        word = token.upper()
        if words == 1 and word != b"INSERT":
            return None
        if token == b"(":
            depth += 1
        elif token == b")":
            depth -= 1
        elif depth == 0 and word in (b"VALUES", b"INFILE", b"WATCH"):
            return None
        elif word == b"SELECT":
            selects = True
        elif depth == 0 and word == b"FORMAT" and words > 3:
            named = re.compile(rb"\s*(\w+)[ \t\f]*;?[ \t\f]*(?:\r?\n)?").match(query, at)
            if not named:
                return None
            if named.group(1).upper() == b"VALUES":
                return None
            if selects:
                # The library takes such a query and drops the rows without a word.
                raise failed(48, "NOT_IMPLEMENTED", "INSERT ... SELECT with data (input()) is not served by this front")
            return query[:start].decode("utf-8", "replace"), named.group(1).decode(), query[named.end():]
    return None


def disposition(head):
    """Name and file name of one part of a form."""
    for line in head.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.strip().lower() == b"content-disposition":
            pairs = re.findall(rb';\s*(\w+)\s*=\s*(?:"([^"]*)"|([^;\s]*))', value)
            return {k.decode().lower(): (a or b).decode("utf-8", "replace") for k, a, b in pairs}
    return {}


def read_form(body, content_type):
    """Fields and files of a multipart form."""
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    if not boundary:
        raise failed(1000, "POCO_EXCEPTION", "HTML Form Exception: No boundary line found")
    mark = b"\r\n--" + boundary.group(1).encode()
    pieces = (b"\r\n" + body).split(mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise failed(33, "CANNOT_READ_ALL_DATA", "Unexpected end of a multipart form")
    fields, files = [], []
    for piece in pieces[1:-1]:
        head, _, data = piece.lstrip(b" \t").removeprefix(b"\r\n").partition(b"\r\n\r\n")
        told = disposition(head)
        if "filename" in told:
            files.append((told.get("name", ""), data))
        else:
            fields.append((told.get("name", ""), data))
    return fields, files


class Engine:
    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        # Held open all along: the engine ends with its last connection.
        self.base = _chdb.connect(path)
        self.version = self.base.query("SELECT version()", "TSV").bytes().decode().strip()

    def close(self):
        # A query under way is let to its end, within reason.
        self.lock.acquire(timeout=20)
        self.base.close()

    def run(self, query, *, database, default_format, settings, params, files, external, readonly):
        """Carries one query out on a connection of its own, so that nothing of it is seen by the next."""
        insert = insert_with_data(query)
        if insert is None and b";" in query.rstrip().rstrip(b";") and \
                self.base.classify_query(query.decode("utf-8", "replace"))["statement_count"] > 1:
            raise failed(62, "SYNTAX_ERROR", "Multi-statements are not allowed")
        with self.lock:
            conn = None
            try:
                conn = _chdb.connect(self.path)
                told = {**DEFAULTS, **settings}
                conn.query("SET " + ", ".join(f"{name} = {quoted(value)}" for name, value in told.items()))
                if database:
                    conn.query("USE " + name_quoted(database))
                for name, data in files:
                    self.fill(conn, name, data, external)
                if readonly:
                    conn.query("SET readonly = 2")
                if insert is None:
                    result = conn.query(query, default_format, params=params)
                    if result.has_error():
                        raise Failed(result.error_message())
                    return result.bytes() or b"", result
                statement, form, data = insert
                # An insert takes no parameters of its own, but knows those of its session.
                for name, value in params.items():
                    conn.query(f"SET param_{name} = {quoted(value)}")
                return b"", self.insert(conn, statement, form, data)
            except RuntimeError as error:
                raise Failed(str(error)) from None
            finally:
                if conn is not None:
                    conn.close()

    @staticmethod
    def insert(conn, statement, form, data):
        handle = conn.send_insert(statement, form)
        try:
            if data:
                conn.insert_append(handle, data)
            return conn.insert_done(handle)
        except BaseException:
            try:
                conn.insert_cancel(handle)
            except RuntimeError:
                pass
            raise

    def fill(self, conn, name, data, external):
        structure = external.get(name + "_structure")
        if structure is None and (types := external.get(name + "_types")):
            structure = ", ".join(f"_{n} {kind}" for n, kind in enumerate(types.split(","), 1))
        if not structure:
            raise failed(36, "BAD_ARGUMENTS", f"External table {name} has neither structure nor types")
        table = name_quoted(name)
        conn.query(f"CREATE TEMPORARY TABLE {table} ({structure}) ENGINE = Memory")
        self.insert(conn, f"INSERT INTO {table}", external.get(name + "_format", "TabSeparated"), data)


class Link:
    """One connection of a client."""

    def __init__(self, sock, engine, fail_file):
        self.sock = sock
        self.engine = engine
        self.fail_file = fail_file
        self.file = sock.makefile("rb", 1 << 16)

    def serve(self):
        try:
            while self.one():
                pass
        except (OSError, Gone, ValueError):
            pass
        finally:
            self.file.close()
            try:
                # A close alone would reset what the client has not read yet, where it is still sending.
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.sock.close()

    def line(self):
        line = self.file.readline(MAX_LINE + 2)
        if not line.endswith(b"\n"):
            if len(line) > MAX_LINE:
                self.answer(400, b"", {"Connection": "close"})
            raise Gone
        return line.rstrip(b"\r\n")

    def exactly(self, size):
        data = self.file.read(size)
        if len(data) != size:
            raise Gone
        return data

    def body(self, headers):
        """The whole body before anything is done: one that breaks off has to leave no rows."""
        if headers.get("expect", "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.exactly(int(headers.get("content-length") or 0))
        pieces = []
        while size := int(self.line().split(b";")[0], 16):
            pieces.append(self.exactly(size))
            self.line()
        while self.line():
            pass
        return b"".join(pieces)

    def one(self):
        """Serves one request; false when it was the last of this connection."""
        first = self.line()
        if not first:
            return True
        method, target, version = first.decode("latin-1").split(" ")
        headers = {}
        while line := self.line():
            key, _, value = line.decode("latin-1").partition(":")
            headers[key.strip().lower()] = value.strip()
        body = self.body(headers)
        keep = headers.get("connection", "").lower() != "close" and version != "HTTP/1.0"
        extra = {"Connection": "Keep-Alive" if keep else "close"}
        path, _, search = target.partition("?")

        if path == "/ping":
            self.answer(200, b"Ok.\n", extra, method)
            return keep
        mode = self.failing()
        if mode == "hang":
            self.hang()
        elif mode == "changes":
            if b"DELETE" in body:
                self.answer(500, b"Code: 341. DB::Exception: Mutation is not finished because some replicas are inactive\n",
                            extra | {"X-ClickHouse-Exception-Code": 341}, method)
                return keep
        elif mode not in (None, "after"):
            self.answer(503, b"Service unavailable\n", extra, method)
            return keep

        try:
            result, told = self.query(method, path, search, headers, body)
            status = 200
            extra.update(told)
        except Failed as error:
            status = error.status
            result = error.text.encode() + b"\n"
            if error.code:
                extra["X-ClickHouse-Exception-Code"] = error.code
        if mode == "after":
            raise Gone
        self.answer(status, result, extra, method)
        return keep

    def answer(self, status, body, headers, method="POST"):
        head = [f"HTTP/1.1 {status} {REASON[status]}", "Content-Type: text/plain; charset=UTF-8",
                "X-ClickHouse-Server-Display-Name: chdb-front", f"Content-Length: {len(body)}"]
        head += [f"{key}: {value}" for key, value in headers.items()]
        head = ("\r\n".join(head) + "\r\n\r\n").encode()
        if method == "HEAD":
            body = b""
        if len(body) < 1 << 16:
            self.sock.sendall(head + body)
        else:
            self.sock.sendall(head)
            self.sock.sendall(body)

    def failing(self):
        """None while all is well, else the word in the file."""
        if not self.fail_file:
            return None
        try:
            with open(self.fail_file, encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            return None

    def hang(self):
        """Waits for the file to go. A client that gives up meanwhile has its query dropped, not done."""
        while self.failing() == "hang":
            if select.select([self.sock], [], [], 0)[0] and not self.sock.recv(1, socket.MSG_PEEK):
                raise Gone
            time.sleep(0.01)
        if select.select([self.sock], [], [], 0)[0] and not self.sock.recv(1, socket.MSG_PEEK):
            raise Gone

    def query(self, method, path, search, headers, body):
        if path != "/":
            raise Failed(f"There is no handle {path}", 404)
        if method not in ("GET", "HEAD", "POST"):
            raise Failed(f"Unknown method {method}", 501)
        if headers.get("content-encoding", "identity") != "identity":
            raise failed(48, "NOT_IMPLEMENTED", "Compressed bodies are not served by this front")
        args, files = [], []
        for pair in search.split("&") if search else []:
            if len(pair) > MAX_VALUE:
                raise failed(1000, "POCO_EXCEPTION", "HTML Form Exception: Field value too long")
            key, _, value = pair.partition("=")
            args.append((urllib.parse.unquote_plus(key), urllib.parse.unquote_to_bytes(value.replace("+", " "))))
        if method == "POST" and headers.get("content-type", "").lower().startswith("multipart/form-data"):
            fields, files = read_form(body, headers["content-type"])
            if any(len(value) > MAX_VALUE for _, value in fields):
                raise failed(1000, "POCO_EXCEPTION", "HTML Form Exception: Field value too long")
            args += fields
            body = b""

        if not args and method != "POST":
            return b"Ok.\n", {}
        query, settings, params, external = b"", {}, {}, {}
        database = headers.get("x-clickhouse-database", "")
        form = headers.get("x-clickhouse-format", "") or "TabSeparated"
        query_id = headers.get("x-clickhouse-query-id") or str(uuid.uuid4())
        of_files = {name + end for name, _ in files for end in ("_structure", "_types", "_format")}
        for key, value in args:
            if key == "query":
                query += value
                continue
            try:
                value = value.decode()
            except UnicodeDecodeError:
                raise failed(36, "BAD_ARGUMENTS", f"Argument {key} is not UTF-8") from None
            if key == "database":
                database = value
            elif key == "default_format":
                form = value
            elif key == "query_id":
                query_id = value
            elif key.startswith("param_"):
                if not re.fullmatch(r"\w+", key):
                    raise failed(36, "BAD_ARGUMENTS", f"Not the name of a parameter: {key}")
                params[key.removeprefix("param_")] = value
            elif key in of_files:
                external[key] = value
            elif key in ("compress", "decompress") and value not in ("0", "false", ""):
                raise failed(48, "NOT_IMPLEMENTED", "Compression is not served by this front")
            elif key in IGNORED or not key:
                continue
            elif re.fullmatch(r"\w+", key):
                settings[key] = value
            else:
                raise failed(115, "UNKNOWN_SETTING", f"Unknown setting '{key}'")
        query = query + b"\n" + body if query and body else query or body
        if not query.strip():
            raise failed(62, "SYNTAX_ERROR", "Empty query")

        began = time.perf_counter_ns()
        data, result = self.engine.run(
            query, database=database, default_format=form, settings=settings, params=params, files=files,
            external=external, readonly=method != "POST")
        counts = {
            "read_rows": result.storage_rows_read() if hasattr(result, "storage_rows_read") else 0,
            "read_bytes": result.storage_bytes_read() if hasattr(result, "storage_bytes_read") else 0,
            "written_rows": result.rows_written(), "written_bytes": result.bytes_written(),
            "result_bytes": len(data), "elapsed_ns": time.perf_counter_ns() - began,
        }
        summary = ",".join(f'"{name}":"{count}"' for name, count in counts.items())
        return data, {"X-ClickHouse-Query-Id": re.sub(r"[^\x20-\x7e]", "?", query_id),
                      "X-ClickHouse-Summary": "{" + summary + "}"}


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--port", type=int, required=True, help="0 for any free one")
    args.add_argument("--data", required=True, help="directory of the tables, kept between runs")
    args.add_argument("--fail-file", help="while it exists, requests fail (README.md)")
    args.add_argument("--with-stdin", action="store_true", help="end when stdin closes")
    args = args.parse_args()

    end = threading.Event()
    os.makedirs(args.data, exist_ok=True)
    try:
        engine = Engine(os.path.abspath(args.data))
    except RuntimeError as error:
        sys.exit(f"front: {error}")
    # After the engine is up: it sets handlers of its own.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())

    listener = socket.create_server(("127.0.0.1", args.port), backlog=256)

    def accept():
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=Link(sock, engine, args.fail_file).serve, daemon=True).start()

    def stdin():
        while os.read(0, 4096):
            pass
        end.set()

    threading.Thread(target=accept, daemon=True).start()
    if args.with_stdin:
        threading.Thread(target=stdin, daemon=True).start()
    print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    end.wait()
    listener.close()
    engine.close()
    sys.stdout.flush()
    # Threads of clients may sit in a read for ever.
    os._exit(0)


if __name__ == "__main__":
    main()
