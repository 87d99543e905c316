#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey::ends {

// A file to which whole lines are appended, durable when append() returns. It is put aside when it
// has grown large: `path.1` is the newest of kKept, the oldest is dropped. Safe to call from
// several threads, and beside another process that has the same file (a command).
class Journal {
 public:
  static constexpr int kKept = 9;

  // Throws db::Refused with a sentence when the file cannot be made or opened. `dropped` is told in
  // a sentence when the oldest file goes.
  Journal(std::string path, std::uint64_t most_bytes,
          std::function<void(std::string_view)> dropped);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // All of them or none. Throws db::Unavailable when the disk does not take them.
  void append(const std::vector<std::string>& lines);

  const std::string& path() const { return path_; }

 private:
  void open();
  void close();
  // The file that has the name now, locked against other processes. Returns its size.
  std::uint64_t hold();
  void put_aside();
  void write(std::string_view text, std::uint64_t size);
  [[noreturn]] void fail(const char* doing) const;

  const std::string path_;
  const std::uint64_t most_bytes_;
  const std::function<void(std::string_view)> dropped_;
  std::mutex mutex_;
  int fd_ = -1;
};

}  // namespace latchkey::ends
