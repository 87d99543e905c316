#include "domain/providers/claims_template.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <utility>

namespace latchkey::providers {
namespace {

namespace json = boost::json;

constexpr std::string_view kRoot = "claims";

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// What a member says as a text; empty: nothing.
std::string text_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return std::string(value.get_string());
    case json::kind::bool_:
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return json::serialize(value);
    case json::kind::array:
      return value.get_array().empty() || value.get_array().front().is_array()
                 ? std::string()
                 : text_of(value.get_array().front());
    case json::kind::null:
    case json::kind::object:
      break;
  }
  return {};
}

std::string lowered(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

}  // namespace

class ClaimsTemplate::Parser {
 public:
  // Of what stands between the braces.
  explicit Parser(std::string_view text) : left_(text) {}

  std::expected<Piece, std::string> parse() {
    Piece piece;
    if (take_name() != kRoot) return wrong("must begin with 'claims'");
    while (at('.') || at('[')) {
      if (take('.')) {
        piece.path.emplace_back(take_name());
      } else {
        take('[');
        piece.path.push_back(take_text());
        if (!take(']')) return wrong("has '[' without ']'");
      }
      if (piece.path.back().empty()) return wrong("names no member");
    }
    if (piece.path.empty()) return wrong("names no member, try 'claims.preferred_username'");
    while (take('|')) {
      const std::string_view name = take_name();
      if (name == "lower") {
        piece.steps.push_back({.filter = Filter::lower});
      } else if (name == "localpart") {
        piece.steps.push_back({.filter = Filter::localpart});
      } else if (name == "default") {
        if (!take('(')) return wrong("needs a text after 'default', try default(\"none\")");
        piece.steps.push_back({.filter = Filter::fallback, .text = take_text()});
        if (!take(')') || unclosed_) return wrong("has '(' without ')'");
      } else {
        return wrong("knows the filters lower, localpart and default, not '" + std::string(name) +
                     "'");
      }
    }
    skip();
    if (unclosed_) return wrong("has a text without its end");
    if (!left_.empty()) return wrong("cannot be read from '" + std::string(left_) + "' on");
    return piece;
  }

 private:
  static std::unexpected<std::string> wrong(std::string what) {
    return std::unexpected("a '{{ … }}' that " + std::move(what));
  }
  void skip() { left_.remove_prefix(std::min(left_.find_first_not_of(' '), left_.size())); }
  bool at(char c) {
    skip();
    return left_.starts_with(c);
  }
  bool take(char c) {
    if (!at(c)) return false;
    left_.remove_prefix(1);
    return true;
  }
  std::string_view take_name() {
    skip();
    const auto end = std::ranges::find_if_not(left_, is_name);
    const std::string_view name(left_.begin(), end);
    left_.remove_prefix(name.size());
    return name;
  }
  // In quotes of either kind.
  std::string take_text() {
    skip();
    const char quote = left_.empty() ? '\0' : left_.front();
    const auto end = quote == '"' || quote == '\'' ? left_.find(quote, 1) : left_.npos;
    if (end == left_.npos) {
      unclosed_ = true;
      return {};
    }
    std::string text(left_.substr(1, end - 1));
    left_.remove_prefix(end + 1);
    return text;
  }

  std::string_view left_;
  bool unclosed_ = false;
};

std::expected<ClaimsTemplate, std::string> ClaimsTemplate::parse(std::string_view text) {
  ClaimsTemplate result;
  while (!text.empty()) {
    const auto begin = text.find("{{");
    if (begin != 0) result.pieces_.push_back({.text = std::string(text.substr(0, begin))});
    if (begin == text.npos) break;
    const auto end = text.find("}}", begin);
    if (end == text.npos) return std::unexpected("has '{{' without '}}'");
    auto piece = Parser(text.substr(begin + 2, end - begin - 2)).parse();
    if (!piece) return std::unexpected("has " + piece.error());
    result.pieces_.push_back(std::move(*piece));
    text.remove_prefix(end + 2);
  }
  return result;
}

std::string ClaimsTemplate::render_piece(const Piece& piece, const json::object& claims) {
  const json::object* at = &claims;
  std::string text;
  for (std::size_t i = 0; i < piece.path.size() && at != nullptr; ++i) {
    const json::value* member = at->if_contains(piece.path[i]);
    at = member != nullptr ? member->if_object() : nullptr;
    if (member != nullptr && i + 1 == piece.path.size()) text = text_of(*member);
  }
  for (const Step& step : piece.steps) {
    if (step.filter == Filter::fallback && text.empty()) text = step.text;
    if (step.filter == Filter::lower) text = lowered(std::move(text));
    if (step.filter == Filter::localpart) text = text.substr(0, text.rfind('@'));
  }
  return text;
}

std::optional<std::string> ClaimsTemplate::render(const json::object& claims) const {
  std::string result;
  for (const Piece& piece : pieces_) {
    if (piece.path.empty()) {
      result += piece.text;
      continue;
    }
    const std::string text = render_piece(piece, claims);
    // "{{ claims.given_name }} {{ claims.family_name }}" of somebody with one of them is no name.
    if (text.empty() && std::ranges::none_of(piece.steps, [](const Step& step) {
          return step.filter == Filter::fallback;
        })) {
      return std::nullopt;
    }
    result += text;
  }
  if (result.empty()) return std::nullopt;
  return result;
}

bool is_true(const json::object& claims, std::string_view name) {
  const json::value* value = claims.if_contains(name);
  if (value == nullptr) return false;
  if (value->is_bool()) return value->get_bool();
  return text_of(*value) == "true";
}

}  // namespace latchkey::providers
