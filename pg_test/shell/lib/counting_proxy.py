"""Stands between a server and its clients, counts what crosses and cuts it off.

usage: counting_proxy.py PORT: prints two ports, one that leads to PORT and one for commands, a line each connection:
  count      answers how many bytes came from the server since the last count
  cut BYTES  after so many more bytes from the server every connection is cut, and new ones are refused
  mend       connections are as before
"""
import socket
import sys
import threading

state = {"bytes": 0, "left": None}
lock = threading.Lock()


def listen():
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    door.listen(64)
    return door


def close(*ends):
    for end in ends:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        end.close()


def carry(source, sink, counts):
    try:
        while data := source.recv(4096):
            if counts:
                with lock:
                    state["bytes"] += len(data)
                    if state["left"] is not None:
                        state["left"] -= len(data)
                        if state["left"] < 0:
                            break
            sink.sendall(data)
    except OSError:
        pass
    close(source, sink)


def serve(door, port):
    while True:
        client, _ = door.accept()
        if state["left"] is not None and state["left"] < 0:
            close(client)
            continue
        server = socket.create_connection(("127.0.0.1", port))
        for source, sink, counts in ((client, server, False), (server, client, True)):
            threading.Thread(target=carry, args=(source, sink, counts), daemon=True).start()


def command(words):
    with lock:
        if words[0] == "count":
            answer, state["bytes"] = state["bytes"], 0
            return answer
        state["left"] = int(words[1]) if words[0] == "cut" else None
        return "ok"


def main():
    front, back = listen(), listen()
    print(front.getsockname()[1], back.getsockname()[1], flush=True)
    threading.Thread(target=serve, args=(front, int(sys.argv[1])), daemon=True).start()
    while True:
        asker, _ = back.accept()
        with asker:
            asker.sendall(f"{command(asker.recv(100).decode().split())}\n".encode())


main()
