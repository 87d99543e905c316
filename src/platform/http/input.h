#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace latchkey::http {

using Bytes = std::unique_ptr<char[]>;

// Memory for the first read of a request, shared by the connections of a thread: one that is
// at rest holds none, and one that is served gets what the last one has just used.
class BufferPool {
 public:
  // What one read of an ordinary request fits in.
  static constexpr std::size_t kSize = 4096;

  Bytes take() {
    if (free_.empty()) return std::make_unique_for_overwrite<char[]>(kSize);
    Bytes bytes = std::move(free_.back());
    free_.pop_back();
    return bytes;
  }

  void give(Bytes bytes) {
    if (free_.size() < kKept) free_.push_back(std::move(bytes));
  }

 private:
  static constexpr std::size_t kKept = 64;
  std::vector<Bytes> free_;
};

// What was received and not yet parsed. Grows by doubling up to a limit.
class InputBuffer {
 public:
  // `pool` must outlive the buffer; `limit` is at least BufferPool::kSize.
  InputBuffer(BufferPool& pool, std::size_t limit) : pool_(pool), limit_(limit) {}

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
    if (end_ == capacity_ && capacity_ < limit_) grow();
    return {data_.get() + end_, capacity_ - end_};
  }

  // After `count` bytes were written into space().
  void commit(std::size_t count) { end_ += count; }

  // Gives the memory back, unless something is there.
  void release() {
    if (!empty()) return;
    if (capacity_ == BufferPool::kSize) pool_.give(std::move(data_));
    data_.reset();
    capacity_ = 0;
  }

 private:
  void grow() {
    if (capacity_ == 0) {
      data_ = pool_.take();
      capacity_ = BufferPool::kSize;
      return;
    }
    const std::size_t capacity = capacity_ * 2 < limit_ ? capacity_ * 2 : limit_;
    auto data = std::make_unique_for_overwrite<char[]>(capacity);
    std::memcpy(data.get(), data_.get(), end_);
    data_ = std::move(data);
    capacity_ = capacity;
  }

  BufferPool& pool_;
  Bytes data_;
  std::size_t limit_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace latchkey::http
