#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace latchkey::db {

// Tells that connections are lost, once for each reason, and when all of them are there again.
// For several threads, each with one connection.
class Outage {
 public:
  using Report = std::function<void(std::string_view sentence)>;

  explicit Outage(Report report) : report_(std::move(report)) {}

  // One connection is lost.
  void lost(std::string_view reason);
  // It could not be made again.
  void goes_on(std::string_view reason);
  // It was made again.
  void over();

  // Whether any is lost now.
  bool under_way() const;

 private:
  void say(std::string_view reason);

  const Report report_;
  mutable std::mutex mutex_;
  std::size_t lost_ = 0;
  std::string said_;
};

}  // namespace latchkey::db
