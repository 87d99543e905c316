#include "domain/services/service.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "domain/accounts/matrix_id.h"

namespace latchkey::services {
namespace {

// Of one compiled expression with what matching it remembers; RE2 refuses one that needs more.
constexpr std::int64_t kMaxMemory = std::int64_t{1} << 20;  // bytes

constexpr std::string_view kNotInRe2 =
    "RE2 has no look-ahead, look-behind, back-references, conditions, atomic groups and comments: "
    "write it without";

// Reads an expression as far as the places where others understand something else.
class Differences {
 public:
  explicit Differences(std::string_view regex) : rest_(regex) {}

  // The first one, as the end of a sentence; absent: RE2 means the same, or refuses it.
  std::optional<std::string> find() {
    while (!rest_.empty()) {
      if (auto found = at(rest_)) return found;
      rest_.remove_prefix(std::min<std::size_t>(rest_.front() == '\\' ? 2 : 1, rest_.size()));
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string> at(std::string_view text) {
    if (in_class_) return in_class(text);
    if (text.starts_with('[')) {
      // A "]" at its beginning is one of the characters.
      in_class_ = true;
      if (rest_.substr(1).starts_with('^')) rest_.remove_prefix(1);
      if (rest_.substr(1).starts_with(']')) rest_.remove_prefix(1);
      return std::nullopt;
    }
    for (const std::string_view begin :
         {"(?=", "(?!", "(?<=", "(?<!", "(?P=", "(?(", "(?>", "(?#", "\\1", "\\2", "\\3", "\\4",
          "\\5", "\\6", "\\7", "\\8", "\\9"}) {
      if (text.starts_with(begin)) {
        return fmt::format("holds '{}': {}", begin, kNotInRe2);
      }
    }
    if (text.starts_with("\\Z")) return "holds '\\Z', which RE2 does not have: write $";
    return repetition(text);
  }

  std::optional<std::string> in_class(std::string_view text) {
    if (text.starts_with(']')) in_class_ = false;
    if (text.starts_with("[:")) {
      return "holds '[:', which is a class of characters for some readers and three characters for "
             "others: write the characters themselves";
    }
    return std::nullopt;
  }

  // "{,5}": up to five for Python, those four characters for RE2.
  static std::optional<std::string> repetition(std::string_view text) {
    if (!text.starts_with("{,")) return std::nullopt;
    const auto end = text.find_first_not_of("0123456789", 2);
    if (end == text.npos || text[end] != '}') return std::nullopt;
    return fmt::format(
        "holds '{}', which is a repetition for some readers and those characters for "
        "others: write {{0{}",
        text.substr(0, end + 1), text.substr(1, end));
  }

  std::string_view rest_;
  bool in_class_ = false;
};

}  // namespace

std::expected<UserNamespace, std::string> UserNamespace::compile(std::string_view regex,
                                                                 bool exclusive) {
  if (const auto difference = Differences(regex).find()) return std::unexpected(*difference);
  re2::RE2::Options options;
  options.set_max_mem(kMaxMemory);
  options.set_never_capture(true);
  options.set_log_errors(false);
  auto compiled =
      std::make_shared<const re2::RE2>(re2::StringPiece(regex.data(), regex.size()), options);
  if (!compiled->ok()) {
    return std::unexpected("is no regular expression of RE2's: " + compiled->error());
  }
  return UserNamespace(std::move(compiled), exclusive);
}

bool UserNamespace::holds(std::string_view matrix_id) const {
  return regex_->Match(re2::StringPiece(matrix_id.data(), matrix_id.size()), 0, matrix_id.size(),
                       re2::RE2::ANCHOR_START, nullptr, 0);
}

const std::string& UserNamespace::regex() const { return regex_->pattern(); }

bool Service::may_come_from(std::string_view address) const {
  if (addresses.empty()) return true;
  const auto parsed = text::parse_ip(address);
  return parsed && std::ranges::any_of(addresses, [&](const text::IpRange& range) {
           return range.contains(*parsed);
         });
}

bool Service::claims(std::string_view localpart) const {
  if (localpart == sender_localpart) return true;
  const std::string id_of_user = accounts::matrix_id(localpart, server_name);
  return std::ranges::any_of(users, [&](const auto& space) { return space.holds(id_of_user); });
}

bool Service::owns(std::string_view localpart) const {
  if (localpart == sender_localpart) return true;
  const std::string id_of_user = accounts::matrix_id(localpart, server_name);
  return std::ranges::any_of(
      users, [&](const auto& space) { return space.exclusive() && space.holds(id_of_user); });
}

}  // namespace latchkey::services
