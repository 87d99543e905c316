#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace latchkey::http {

// What was received and not yet parsed. Grows by doubling up to a limit; empties in place, so
// that a connection at rest reads into the same memory each time.
class InputBuffer {
 public:
  // What one read of an ordinary request fits in.
  static constexpr std::size_t kInitial = 4096;

  explicit InputBuffer(std::size_t limit) : limit_(limit) {}

  std::string_view bytes() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }

  // Takes `count` bytes off the front.
  void consume(std::size_t count) {
    begin_ += count;
    if (empty()) begin_ = end_ = 0;
  }

  // Room behind what is there; empty when the limit is reached. Moves what is there.
  std::span<char> space() {
    if (begin_ > 0) {
      std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == capacity_) resize(capacity_ == 0 ? kInitial : capacity_ * 2);
    return {data_.get() + end_, capacity_ - end_};
  }

  // After `count` bytes were written into space().
  void commit(std::size_t count) { end_ += count; }

  // Gives back what a large request made it grow to. Only while empty.
  void shrink() {
    if (capacity_ > kInitial && empty()) resize(kInitial);
  }

 private:
  void resize(std::size_t wanted) {
    const std::size_t capacity = wanted < limit_ ? wanted : limit_;
    if (capacity == capacity_) return;
    auto data = std::make_unique_for_overwrite<char[]>(capacity);
    if (end_ > 0) std::memcpy(data.get(), data_.get(), end_);
    data_ = std::move(data);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> data_;
  std::size_t limit_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace latchkey::http
