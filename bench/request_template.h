#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The texts of a load: what is sent, and what is taken from an answer for the request after it.
namespace latchkey::bench {

// What differs from one request to the next.
struct RequestValues {
  std::string_view word;
  std::string_view taken;  // from the answer before
  std::uint64_t number = 0;
};

// A request as text, in which {} stands for the word, {taken} for what was taken, and {number} for
// sixteen digits.
class RequestTemplate {
 public:
  explicit RequestTemplate(std::string_view text);
  void write(const RequestValues& values, std::string& into) const;

 private:
  enum class Slot { none, word, taken, number };
  struct Piece {
    std::string text;
    Slot then;
  };
  static Piece next_piece(std::string_view text);

  std::vector<Piece> pieces_;
};

// What stands in an answer between two texts: of `code={}&`, for example.
class Taking {
 public:
  explicit Taking(std::string_view text);
  std::optional<std::string_view> from(std::string_view answer) const;

 private:
  std::string before_;
  std::string after_;
};

}  // namespace latchkey::bench
