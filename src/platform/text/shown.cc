#include "platform/text/shown.h"

#include <algorithm>
#include <cstdint>

#include "platform/text/utf8.h"

namespace latchkey::text {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Controls, fillers and marks that leave no trace (Default_Ignorable_Code_Point of Unicode, but for
// joiners and variation selectors), and the controls of direction. In order.
constexpr Range kDropped[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},
    {0x061c, 0x061c},   {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180e, 0x180e},
    {0x200b, 0x200b},   {0x200e, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
    {0x3164, 0x3164},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
    {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe00ff}, {0xe01f0, 0xe0fff},
};

// Of them those that control something.
constexpr Range kControls[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c},
    {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
};

// White space, and what is seen only beside something else.
constexpr Range kBlank[] = {
    {0x0020, 0x0020}, {0x00a0, 0x00a0}, {0x1680, 0x1680}, {0x180b, 0x180d},
    {0x2000, 0x200a}, {0x200c, 0x200d}, {0x202f, 0x202f}, {0x205f, 0x205f},
    {0x2800, 0x2800}, {0x3000, 0x3000}, {0xfe00, 0xfe0f}, {0xe0100, 0xe01ef},
};

template <std::size_t N>
bool is_in(const Range (&ranges)[N], char32_t c) {
  const auto* const next = std::ranges::upper_bound(ranges, c, {}, &Range::first);
  return next != std::begin(ranges) && c <= std::prev(next)->last;
}

char32_t code_point(std::string_view bytes) {
  constexpr std::uint8_t kFirstBits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  char32_t c = static_cast<std::uint8_t>(bytes[0]) & kFirstBits[bytes.size()];
  for (const char byte : bytes.substr(1)) c = c << 6 | (static_cast<std::uint8_t>(byte) & 0x3f);
  return c;
}

constexpr bool opens_isolate(char32_t c) { return c >= 0x2066 && c <= 0x2068; }
constexpr char32_t kEndIsolate = 0x2069;

template <class Visit>
void each_code_point(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t size = leading_code_point(text);
    if (size > 0) visit(code_point(text.substr(0, size)), text.substr(0, size));
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
}

template <class Dropped>
std::string without(std::string_view text, Dropped dropped) {
  std::string result;
  bool seen = false;
  each_code_point(text, [&](char32_t c, std::string_view bytes) {
    if (dropped(c)) return;
    seen = seen || (!is_in(kBlank, c) && !is_in(kDropped, c));
    result.append(bytes);
  });
  return seen ? result : std::string();
}

bool isolates_match(std::string_view text) {
  int open = 0;
  bool match = true;
  each_code_point(text, [&](char32_t c, std::string_view) {
    if (opens_isolate(c)) ++open;
    if (c == kEndIsolate && --open < 0) match = false;
  });
  return match && open == 0;
}

}  // namespace

std::string shown(std::string_view text) {
  return without(text, [](char32_t c) { return is_in(kDropped, c); });
}

std::string shown_sentence(std::string_view text) {
  const bool isolates = isolates_match(text);
  return without(text, [isolates](char32_t c) {
    if (c == U'\n' || c == U'\t' || c == 0x200e || c == 0x200f) return false;
    const bool isolate = opens_isolate(c) || c == kEndIsolate;
    return is_in(kDropped, c) && !(isolate && isolates);
  });
}

bool has_controls(std::string_view text) {
  bool found = false;
  each_code_point(text,
                  [&](char32_t c, std::string_view) { found = found || is_in(kControls, c); });
  return found;
}

}  // namespace latchkey::text
