#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

// A client for tests of whatever the server answers: sends bytes as they are, waits with a
// deadline.
namespace latchkey::http::testing {

struct Answer {
  int status = 0;
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;

  // The value of the first header of that name (in lower case), or an empty text.
  std::string header(const std::string& name) const;
};

class Client {
 public:
  static constexpr std::chrono::seconds kPatience{10};

  // Throw std::runtime_error when they cannot connect.
  static Client tcp(std::uint16_t port, const std::string& host = "127.0.0.1");
  static Client unix_socket(const std::string& path);
  Client(Client&& other) noexcept;
  Client& operator=(Client&&) = delete;
  ~Client();

  // False when the server has closed.
  bool send(std::string_view bytes);
  // Sends what the kernel takes without waiting; returns how much that was.
  std::size_t send_some(std::string_view bytes);

  // The next answer; nullopt when the server closed or did not answer in time. `head`: it
  // answers a HEAD request.
  std::optional<Answer> read(bool head = false);
  // The next `count` bytes, or fewer when the server closed or time ran out.
  std::string read_bytes(std::size_t count);
  // Everything up to the end of the stream; nullopt when the server keeps it open.
  std::optional<std::string> read_to_end();
  // Whether the server closes (or resets) the connection without a further byte.
  bool closed();

  // Sends and reads one answer.
  std::optional<Answer> ask(std::string_view bytes);

  void shutdown_send();
  int fd() const { return fd_; }

 private:
  explicit Client(int fd) : fd_(fd) {}
  enum class Got { bytes, end, nothing };
  Got receive();

  int fd_;
  std::string buffered_;
};

// A GET over HTTP/1.1.
std::string get(std::string_view target, std::string_view more_headers = {});
// A POST with a body and its length.
std::string post(std::string_view target, std::string_view body,
                 std::string_view content_type = "application/json");

// Polls until `condition` holds; false when it does not within kPatience.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + Client::kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace latchkey::http::testing
