#include "bench/load_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <ctime>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "bench/descriptor.h"
#include "bench/framing.h"

namespace latchkey::bench {
namespace {

using Clock = std::chrono::steady_clock;

// User and system time of all threads of a process, the ended ones too.
double cpu_seconds(int process) {
  clockid_t clock = 0;
  timespec time{};
  if (process == 0) return 0;
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) {
    throw std::runtime_error("no CPU clock of process " + std::to_string(process));
  }
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

struct Connection {
  Descriptor socket;
  std::string received;
  // The pass it is at.
  Clock::time_point begun;
  std::size_t step = 0;
  std::size_t word = 0;
  std::uint64_t number = 0;
  std::string taken;
};

// Numbers that no two passes share, those of other runs included: at less than a pass a
// microsecond.
std::uint64_t first_number() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

Connection open_connection(std::uint16_t port) {
  Connection connection;
  connection.socket = Descriptor(checked(socket(AF_INET, SOCK_STREAM, 0), "socket"));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  checked(connect(connection.socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
          "connect");
  const int on = 1;
  setsockopt(connection.socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return connection;
}

class Loop {
 public:
  explicit Loop(LoadPlan plan)
      : plan_(std::move(plan)), epoll_(checked(epoll_create1(0), "epoll")) {
    for (std::size_t i = 0; i < plan_.connections; ++i) {
      connections_.push_back(open_connection(plan_.port));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      checked(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connections_[i].socket.get(), &event),
              "epoll_ctl");
    }
  }

  LoadResult run() {
    for (Connection& connection : connections_) begin_pass(connection);
    while (done_ < plan_.warm_up) turn(nullptr);
    LoadResult result;
    const double cpu_before = cpu_seconds(plan_.measured_process);
    const Clock::time_point start = Clock::now();
    const Clock::time_point deadline =
        start + std::chrono::duration_cast<Clock::duration>(plan_.span);
    while (plan_.requests != 0 ? result.requests < plan_.requests : Clock::now() < deadline) {
      turn(&result);
    }
    result.cpu_seconds = cpu_seconds(plan_.measured_process) - cpu_before;
    result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    result.first_answer = std::move(first_answer_);
    if (plan_.replace_words) result.words = std::move(plan_.words);
    result.taken = std::move(taken_);
    return result;
  }

 private:
  // Looks once, and serves every connection that has something to read.
  void turn(LoadResult* result) {
    std::array<epoll_event, 256> events;
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), plan_.poll ? 0 : 1000);
    for (int i = 0; i < count; ++i) {
      receive(connections_[events[static_cast<std::size_t>(i)].data.u64], result);
    }
  }

  void receive(Connection& connection, LoadResult* result) {
    const ssize_t got = recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (got <= 0) throw std::runtime_error("the server closed a connection");
    std::string_view data(buffer_.data(), static_cast<std::size_t>(got));
    if (!connection.received.empty()) {
      connection.received.append(data);
      data = connection.received;
    }
    if (!first_message(data)) {
      connection.received = std::string(data);
      return;
    }
    const Step& step = plan_.steps[connection.step];
    if (step.take) take(*step.take, data, connection);
    if (connection.step + 1 < plan_.steps.size()) {
      connection.received.clear();
      ++connection.step;
      send_step(connection);
      return;
    }
    end_pass(connection, step, data, result);
    connection.received.clear();
    begin_pass(connection);
  }

  static void take(const Taking& taking, std::string_view answer, Connection& connection) {
    const auto taken = taking.from(answer);
    if (!taken) {
      throw std::runtime_error("nothing to take from: " + std::string(answer.substr(0, 500)));
    }
    connection.taken = *taken;
  }

  void end_pass(const Connection& connection, const Step& last, std::string_view answer,
                LoadResult* result) {
    ++done_;
    if (first_answer_.empty()) first_answer_ = answer;
    if (last.take) {
      taken_.push_back(connection.taken);
      if (plan_.replace_words) plan_.words[connection.word] = connection.taken;
    }
    if (result == nullptr) return;
    ++result->requests;
    if (!answer.starts_with("HTTP/1.1 200")) ++result->not_ok;
    const auto took = std::chrono::nanoseconds(Clock::now() - connection.begun);
    result->latency.add(static_cast<std::uint64_t>(took.count()));
  }

  void begin_pass(Connection& connection) {
    connection.step = 0;
    connection.number = next_number_++;
    if (!plan_.words.empty()) {
      connection.word = next_word_;
      next_word_ = next_word_ + 1 == plan_.words.size() ? 0 : next_word_ + 1;
    }
    connection.begun = Clock::now();
    send_step(connection);
  }

  void send_step(const Connection& connection) {
    request_.clear();
    const std::string_view word =
        plan_.words.empty() ? std::string_view() : plan_.words[connection.word];
    plan_.steps[connection.step].request.write({word, connection.taken, connection.number},
                                               request_);
    const ssize_t sent =
        send(connection.socket.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request_.size())) throw std::runtime_error("a short write");
  }

  LoadPlan plan_;
  Descriptor epoll_;
  std::vector<Connection> connections_;
  std::array<char, 65536> buffer_;
  std::string request_;
  std::string first_answer_;
  std::vector<std::string> taken_;
  std::size_t next_word_ = 0;
  std::uint64_t next_number_ = first_number();
  std::uint64_t done_ = 0;
};

}  // namespace

LoadResult run_load(LoadPlan plan) { return Loop(std::move(plan)).run(); }

}  // namespace latchkey::bench
