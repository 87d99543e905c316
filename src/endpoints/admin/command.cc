#include "endpoints/admin/command.h"

#include <fmt/format.h>

#include <charconv>

#include "endpoints/admin/say.h"

namespace latchkey::admin {

const Argument kUserName{.name = "name", .sentence = "the user's name, or full Matrix ID"};

std::unexpected<std::string> fail(std::string sentence) {
  return std::unexpected(std::move(sentence));
}

std::unexpected<std::string> fail(const administration::AdminRefused& refused) {
  return fail(sentence_of(refused));
}

std::optional<std::string> Call::optional_text(std::string_view name) const {
  const auto* value = arguments.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::string Call::text(std::string_view name) const { return optional_text(name).value_or(""); }

std::vector<std::string> Call::texts(std::string_view name) const {
  std::vector<std::string> all;
  const auto* value = arguments.if_contains(name);
  if (value == nullptr || !value->is_array()) return all;
  for (const auto& one : value->get_array()) {
    if (one.is_string()) all.emplace_back(one.get_string());
  }
  return all;
}

bool Call::flag(std::string_view name) const {
  const auto* value = arguments.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::expected<std::optional<std::int64_t>, std::string> Call::number(
    std::string_view name, std::int64_t lo, std::int64_t hi,
    std::optional<std::int64_t> otherwise) const {
  const auto typed = optional_text(name);
  if (!typed) return otherwise;
  std::int64_t value = 0;
  const char* end = typed->data() + typed->size();
  const auto [stopped, fault] = std::from_chars(typed->data(), end, value);
  if (fault != std::errc{} || stopped != end || value < lo || value > hi) {
    return fail(fmt::format("{}: '{}' is not a number from {} to {}", name, *typed, lo, hi));
  }
  return value;
}

}  // namespace latchkey::admin
