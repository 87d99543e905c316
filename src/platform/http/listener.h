#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey::http {

// An open socket or -1; closed at the end.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;  // closes what was here
  ~FileDescriptor();

  int get() const { return fd_; }
  int release();

 private:
  int fd_ = -1;
};

// The sockets of one entry of `listen`.
struct Listener {
  std::vector<FileDescriptor> sockets;  // TCP: one for each thread; Unix: one
  std::uint16_t port = 0;               // TCP: the port, chosen by the system for ":0"
  std::string unix_path;                // Unix: the file, to be removed when the server ends
};

// What is wrong with an address of `listen` before anything is opened, and what to write instead,
// as the end of a sentence: "has no port, try '127.0.0.1:8008'". Absent: nothing.
std::optional<std::string> problem_of_address(std::string_view address);

// How a process on the same machine reaches who listens at an address of `listen`.
struct LocalAddress {
  std::string host_and_port;   // TCP: "127.0.0.1:8008", also of a server that listens everywhere
  std::string unix_path = {};  // Unix: the file; then there is no host
};
// `address`: one of which problem_of_address says nothing.
LocalAddress local_address(std::string_view address);

// Binds and listens at `address`: "127.0.0.1:8008", "[::1]:8008" or "unix:/path". TCP gets
// `threads` sockets that share the port (SO_REUSEPORT); a port that another process listens on
// is refused all the same. A Unix socket's file gets `unix_mode`; one that nobody listens on
// any more is replaced. Throws std::runtime_error with a sentence that names the address.
Listener listen_at(std::string_view address, std::size_t threads, unsigned unix_mode);

}  // namespace latchkey::http
