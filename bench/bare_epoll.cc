// The reference of every ratio: one thread, one epoll loop, the least parsing that can tell where
// a request ends, a constant answer. What a server costs above this is its own doing; what this
// costs is the kernel's TCP.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <unordered_map>

#include "bench/descriptor.h"
#include "bench/framing.h"
#include "bench/program.h"

namespace latchkey::bench {
namespace {

struct Connection {
  Descriptor socket;
  std::string received;  // the start of a request whose end is still to come
};

class Server {
 public:
  Server(std::uint16_t port, std::string answer) : answer_(std::move(answer)) {
    listener_ = Descriptor(checked(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket"));
    const int on = 1;
    setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    checked(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
    checked(listen(listener_.get(), 1024), "listen");
    epoll_ = Descriptor(checked(epoll_create1(0), "epoll_create1"));
    watch(listener_.get());
  }

  void run() {
    std::array<epoll_event, 128> events;
    for (;;) {
      const int count = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == listener_.get()) {
          accept_all();
        } else if (!serve(*connections_.at(fd))) {
          connections_.erase(fd);
        }
      }
    }
  }

 private:
  void watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    checked(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }

  void accept_all() {
    for (;;) {
      Descriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK));
      if (socket.get() < 0) return;
      const int on = 1;
      setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(socket.get());
      const int fd = socket.get();
      connections_[fd] = std::make_unique<Connection>(Connection{std::move(socket), {}});
    }
  }

  // False when the connection is over. Answers are small: one write takes them whole.
  bool serve(Connection& connection) {
    const ssize_t got = recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    std::string_view data(buffer_.data(), static_cast<std::size_t>(got));
    if (!connection.received.empty()) {
      connection.received.append(data);
      data = connection.received;
    }
    while (const auto length = first_message(data)) {
      if (send(connection.socket.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL) < 0) {
        return false;
      }
      data.remove_prefix(*length);
    }
    connection.received = std::string(data);
    return true;
  }

  std::string answer_;
  Descriptor listener_;
  Descriptor epoll_;
  std::array<char, 65536> buffer_;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
};

std::string constant_answer(std::size_t body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body) + "\r\n\r\n" + std::string(body, 'x');
}

int run(int argc, char** argv) {
  std::uint16_t port = 0;
  std::size_t body = 100;
  std::string answer_file;
  CLI::App app{"A bare epoll loop that answers a constant."};
  app.add_option("--port", port, "The port on 127.0.0.1")->required();
  app.add_option("--body", body, "Size of the answer's body");
  app.add_option("--answer", answer_file, "A file with the whole answer, headers included");
  CLI11_PARSE(app, argc, argv);
  std::string answer = constant_answer(body);
  if (!answer_file.empty()) {
    std::ifstream file(answer_file, std::ios::binary);
    answer.assign(std::istreambuf_iterator<char>(file), {});
  }
  std::make_unique<Server>(port, std::move(answer))->run();
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace latchkey::bench

int main(int argc, char** argv) {
  return latchkey::bench::run_program("bare_epoll", latchkey::bench::run, argc, argv);
}
