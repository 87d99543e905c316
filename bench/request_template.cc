#include "bench/request_template.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace latchkey::bench {
namespace {

constexpr std::string_view placeholder = "{}";
constexpr std::size_t number_digits = 16;

void write_number(std::uint64_t number, std::string& into) {
  std::array<char, 20> digits;
  const auto [end, fault] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  const auto length = static_cast<std::size_t>(end - digits.data());
  into.append(number_digits - std::min(number_digits, length), '0');
  into.append(digits.data(), length);
}

}  // namespace

// The text up to the first slot.
RequestTemplate::Piece RequestTemplate::next_piece(std::string_view text) {
  for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    const std::string_view rest = text.substr(at);
    for (const auto& [name, slot] :
         {std::pair{placeholder, Slot::word}, std::pair{std::string_view("{taken}"), Slot::taken},
          std::pair{std::string_view("{number}"), Slot::number}}) {
      if (rest.starts_with(name)) return {std::string(text.substr(0, at)), slot};
    }
  }
  return {std::string(text), Slot::none};
}

RequestTemplate::RequestTemplate(std::string_view text) {
  do {
    pieces_.push_back(next_piece(text));
    const Piece& piece = pieces_.back();
    text.remove_prefix(piece.text.size());
    if (piece.then != Slot::none) text.remove_prefix(text.find('}') + 1);
  } while (pieces_.back().then != Slot::none);
}

void RequestTemplate::write(const RequestValues& values, std::string& into) const {
  for (const Piece& piece : pieces_) {
    into += piece.text;
    switch (piece.then) {
      case Slot::none:
        break;
      case Slot::word:
        into += values.word;
        break;
      case Slot::taken:
        into += values.taken;
        break;
      case Slot::number:
        write_number(values.number, into);
        break;
    }
  }
}

Taking::Taking(std::string_view text) {
  const std::size_t at = text.find(placeholder);
  if (at == std::string_view::npos) throw std::runtime_error("to be taken: expected {}");
  before_ = text.substr(0, at);
  after_ = text.substr(at + placeholder.size());
}

std::optional<std::string_view> Taking::from(std::string_view answer) const {
  const std::size_t at = answer.find(before_);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = answer.substr(at + before_.size());
  const std::size_t end = rest.find(after_);
  if (end == std::string_view::npos) return std::nullopt;
  return rest.substr(0, end);
}

}  // namespace latchkey::bench
