#include "bench/load_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
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

constexpr std::size_t kAnswerNoted = 1000;  // bytes of one that was not 200

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
  bool busy = false;
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
      watch(i);
    }
  }

  LoadResult run() {
    due_ = Clock::now();
    for (Connection& connection : connections_) end_turn(connection);
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
  void watch(std::size_t i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    checked(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connections_[i].socket.get(), &event),
            "epoll_ctl");
  }

  // Begins what is due, looks once, and serves every connection that has something to read.
  void turn(LoadResult* result) {
    while (!free_.empty() && due_ <= Clock::now()) {
      Connection& connection = *free_.back();
      free_.pop_back();
      begin_pass(connection, due_);
      due_ += interval();
    }
    std::array<epoll_event, 256> events;
    const int count = wait(events);
    for (int i = 0; i < count; ++i) {
      const std::size_t at = events[static_cast<std::size_t>(i)].data.u64;
      if (!receive(connections_[at], result)) open_anew(at, result);
    }
  }

  int wait(std::array<epoll_event, 256>& events) const {
    Clock::duration span = std::chrono::seconds{1};
    if (plan_.poll) span = {};
    if (!free_.empty()) span = std::clamp(due_ - Clock::now(), Clock::duration{}, span);
    const timespec time{.tv_sec = span / std::chrono::seconds{1},
                        .tv_nsec = (span % std::chrono::seconds{1}).count()};
    return epoll_pwait2(epoll_.get(), events.data(), events.size(), &time, nullptr);
  }

  Clock::duration interval() const {
    return std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(1 / plan_.rate));
  }

  // A connection is at rest: its next pass, now or when it is due.
  void end_turn(Connection& connection) {
    if (plan_.rate > 0) {
      connection.busy = false;
      free_.push_back(&connection);
    } else {
      begin_pass(connection, Clock::now());
    }
  }

  void open_anew(std::size_t at, LoadResult* result) {
    if (!plan_.reopen) throw std::runtime_error("the server closed a connection");
    Connection& connection = connections_[at];
    const bool busy = connection.busy;
    connection.socket = open_connection(plan_.port).socket;
    connection.received.clear();
    watch(at);
    if (!busy) return;  // it was at rest
    ++done_;
    if (result != nullptr) {
      ++result->broken;
      note_failed(connection, {}, *result);
    }
    end_turn(connection);
  }

  // False: the server has closed it.
  bool receive(Connection& connection, LoadResult* result) {
    const ssize_t got = recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return false;
    // To say that it has waited for long enough (408), before it closes it.
    if (!connection.busy && plan_.reopen) return false;
    std::string_view data(buffer_.data(), static_cast<std::size_t>(got));
    if (!connection.received.empty()) {
      connection.received.append(data);
      data = connection.received;
    }
    if (!first_message(data)) {
      connection.received = std::string(data);
      return true;
    }
    const Step& step = plan_.steps[connection.step];
    if (plan_.reopen && !data.starts_with("HTTP/1.1 200")) {
      // Its word is as good as before.
      ++done_;
      if (result != nullptr) {
        ++result->requests;
        ++result->not_ok;
        note_failed(connection, data, *result);
      }
      connection.received.clear();
      end_turn(connection);
      return true;
    }
    if (step.take) take(*step.take, data, connection);
    if (connection.step + 1 < plan_.steps.size()) {
      connection.received.clear();
      ++connection.step;
      send_step(connection);
      return true;
    }
    end_pass(connection, step, data, result);
    connection.received.clear();
    end_turn(connection);
    return true;
  }

  static void note_failed(const Connection& connection, std::string_view answer,
                          LoadResult& result) {
    if (result.failed.size() >= LoadResult::kMostFailed) return;
    result.failed.push_back({.step = connection.step,
                             .answer = std::string(answer.substr(0, kAnswerNoted)),
                             .at = std::chrono::system_clock::now()});
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

  void begin_pass(Connection& connection, Clock::time_point due) {
    connection.busy = true;
    connection.step = 0;
    connection.number = next_number_++;
    if (!plan_.words.empty()) {
      connection.word = next_word_;
      next_word_ = next_word_ + 1 == plan_.words.size() ? 0 : next_word_ + 1;
    }
    connection.begun = due;
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
    // Closed meanwhile: it is seen when it is read.
    if (sent < 0 && plan_.reopen) return;
    if (sent != static_cast<ssize_t>(request_.size())) throw std::runtime_error("a short write");
  }

  LoadPlan plan_;
  Descriptor epoll_;
  std::vector<Connection> connections_;
  std::vector<Connection*> free_;  // with a rate: those at rest
  Clock::time_point due_;          // when the next pass is, then
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
