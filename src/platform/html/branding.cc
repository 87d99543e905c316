#include "platform/html/branding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "platform/config/file.h"
#include "platform/crypto/hash.h"
#include "platform/html/web_files.h"
#include "platform/text/base64.h"
#include "platform/text/shown.h"
#include "platform/text/size.h"
#include "platform/text/utf8.h"

namespace latchkey::html {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMailto = "mailto:";
constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";

// What follows the first `close`; absent: there is none.
std::optional<std::string_view> after(std::string_view text, std::string_view close) {
  const auto at = text.find(close);
  if (at == text.npos) return std::nullopt;
  return text.substr(at + close.size());
}

// What follows the declaration, comments and the document type; empty: no element does.
std::string_view first_element(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    std::optional<std::string_view> rest;
    if (text.starts_with("<?")) {
      rest = after(text, "?>");
    } else if (text.starts_with("<!--")) {
      rest = after(text, "-->");
    } else if (text.starts_with("<!DOCTYPE")) {
      // Its own declarations stand in brackets.
      const bool declares = text.find('[') < text.find('>');
      rest = after(text, declares ? "]>" : ">");
    } else {
      return text;
    }
    if (!rest) return {};
    text = *rest;
  }
}

// "<svg …>"; empty: it is none.
std::string_view svg_tag(std::string_view bytes) {
  if (!text::valid_utf8(bytes)) return {};
  const std::string_view element = first_element(bytes);
  constexpr std::string_view kName = "<svg";
  if (!element.starts_with(kName) || element.size() == kName.size()) return {};
  if (" \t\r\n/>"sv.find(element[kName.size()]) == std::string_view::npos) return {};
  return element.substr(0, element.find('>'));
}

// What people take for a picture of the web, and is none of ours.
std::string_view other_type(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xD8\xFF"sv)) return "is a JPEG";
  if (bytes.starts_with("GIF8"sv)) return "is a GIF";
  if (bytes.starts_with("BM"sv)) return "is a BMP";
  if (bytes.substr(0, 12).contains("ftypavif"sv)) return "is an AVIF";
  if (bytes.starts_with("%PDF"sv)) return "is a PDF";
  if (bytes.starts_with("\x1F\x8B"sv)) return "is compressed";
  return "is no picture";
}

struct Kind {
  PictureType type;
  std::string_view content_type;
  std::string_view ending;
};
constexpr Kind kKinds[] = {{PictureType::png, "image/png", ".png"},
                           {PictureType::webp, "image/webp", ".webp"},
                           {PictureType::svg, "image/svg+xml", ".svg"},
                           {PictureType::ico, "image/x-icon", ".ico"}};

// Of what the name has of the hash, in bytes.
constexpr std::size_t kHashInName = 12;

std::string hash_of(std::string_view bytes) {
  const crypto::Digest digest = crypto::sha256(bytes);
  return text::encode_base64url(std::span(digest).first<kHashInName>());
}

std::expected<Picture, std::string> read_picture(std::string_view option, const std::string& path,
                                                 std::size_t max, bool ico_too) {
  auto bytes = config::read_file(path, max + 1);
  if (!bytes) {
    return std::unexpected(fmt::format("{}: cannot read '{}': {}", option, path, bytes.error()));
  }
  auto picture = make_picture(option, std::move(*bytes), max, ico_too);
  if (!picture) {
    return std::unexpected(fmt::format("{}: '{}' {}", option, path, picture.error()));
  }
  return picture;
}

// Two digits, never more than it is: 4.497 is not enough.
double shown_ratio(double ratio) { return std::floor(ratio * 100) / 100; }

std::optional<std::string> problem_of_name(std::string_view name) {
  if (!text::valid_utf8(name) || text::has_controls(name)) {
    return "must be a text on one line";
  }
  if (text::trimmed(name) != name) {
    return fmt::format("'{}' has white space at its ends, try '{}'", name, text::trimmed(name));
  }
  return std::nullopt;
}

std::optional<std::string> problem_of_colour(std::string_view text) {
  const auto colour = parse_colour(text);
  if (!colour) {
    std::string six = "#14664a";
    if (text.size() == 6 && parse_colour("#" + std::string(text))) six = "#" + std::string(text);
    if (text.size() == 4 && text.front() == '#') {  // "#abc", as CSS also has it
      const std::string doubled{'#', text[1], text[1], text[2], text[2], text[3], text[3]};
      if (parse_colour(doubled)) six = doubled;
    }
    return fmt::format("'{}' is not a colour of six hexadecimal digits, try '\"{}\"'", text, six);
  }
  const double ratio = accent_contrast(*colour);
  if (ratio >= kReadable) return std::nullopt;
  return fmt::format(
      "'{}' is hard to read: on it white text, and links in it on the page, have a contrast of "
      "{:.2f}, and need {}; the nearest that has it is '\"{}\"'",
      text, shown_ratio(ratio), kReadable, format_colour(nearest_accent(*colour)));
}

// The characters that may stand in an address (RFC 3986 section 2), and none with a part in HTML.
bool of_addresses(std::string_view text) {
  return text.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
             "-._~:/?#[]@!$&()*+,;=%") == text.npos;
}

std::optional<std::string> problem_of_help(std::string_view help) {
  const auto try_instead = [&](std::string_view wrong, std::string_view instead) {
    return fmt::format("'{}' {}, try '{}'", help, wrong, instead);
  };
  constexpr std::string_view kSome = "https://example.com/help";
  if (!of_addresses(help)) return try_instead("has characters that no address has", kSome);
  if (help.starts_with(kHttps)) {
    const std::string_view host = help.substr(kHttps.size());
    if (!host.empty() && host.find_first_of("/?#:@") != 0) return std::nullopt;
    return try_instead("has no host", kSome);
  }
  if (help.starts_with(kMailto)) {
    const std::string_view address = help.substr(kMailto.size(), help.find('?') - kMailto.size());
    const auto at = address.find('@');
    const bool good = at != address.npos && at > 0 && at + 1 < address.size() &&
                      address.find_first_of("@/", at + 1) == address.npos;
    if (good) return std::nullopt;
    return try_instead("has no e-mail address", "mailto:help@example.com");
  }
  constexpr std::string_view kNeither = "is neither an https address nor mailto:";
  if (help.starts_with(kHttp)) {
    return try_instead(kNeither, fmt::format("https://{}", help.substr(kHttp.size())));
  }
  if (help.contains(':')) return try_instead(kNeither, kSome);
  const std::string_view begin = help.contains('@') ? kMailto : kHttps;
  return try_instead(kNeither, fmt::format("{}{}", begin, help));
}

}  // namespace

std::vector<std::string> BrandingOptions::problems() const {
  std::vector<std::string> all;
  const auto check = [&](std::string_view option, std::string_view value, const auto& problem_of) {
    if (value.empty()) return;
    if (const std::optional<std::string> wrong = problem_of(value)) {
      all.push_back(fmt::format("{}: {}", option, *wrong));
    }
  };
  check("name", name, problem_of_name);
  check("accent_colour", accent_colour, problem_of_colour);
  check("help", help, problem_of_help);
  return all;
}

std::optional<PictureType> picture_type(std::string_view bytes) {
  const auto stands_at = [&](std::size_t at, std::string_view what) {
    return bytes.size() >= at && bytes.substr(at).starts_with(what);
  };
  if (stands_at(0, "\x89PNG\r\n\x1A\n"sv) && stands_at(12, "IHDR")) return PictureType::png;
  if (stands_at(0, "RIFF") && stands_at(8, "WEBPVP8")) return PictureType::webp;
  if (bytes.starts_with("\0\0\1\0"sv) && bytes.size() > 6) return PictureType::ico;
  if (!svg_tag(bytes).empty()) return PictureType::svg;
  return std::nullopt;
}

std::expected<Picture, std::string> make_picture(std::string_view use, std::string bytes,
                                                 std::size_t max, bool ico_too) {
  if (bytes.empty()) return std::unexpected("is empty");
  if (bytes.size() > max) {
    return std::unexpected(
        fmt::format("is larger than {}; save it smaller, the pages have little room for it",
                    text::format_size(max)));
  }
  const auto type = picture_type(bytes);
  if (!type || (*type == PictureType::ico && !ico_too)) {
    return std::unexpected(
        fmt::format("{}; save it as SVG, PNG or WebP", type ? "is an ICO"sv : other_type(bytes)));
  }
  if (*type == PictureType::svg && !svg_tag(bytes).contains("http://www.w3.org/2000/svg")) {
    return std::unexpected(
        "is an SVG that browsers do not show as a picture; write "
        "xmlns=\"http://www.w3.org/2000/svg\" into its tag <svg>");
  }
  const Kind& kind = *std::ranges::find(kKinds, *type, &Kind::type);
  std::string name = fmt::format("{}-{}{}", use, hash_of(bytes), kind.ending);
  return Picture{
      .name = std::move(name), .content_type = kind.content_type, .bytes = std::move(bytes)};
}

std::expected<Branding, std::vector<std::string>> load_branding(const BrandingOptions& options) {
  std::vector<std::string> errors;
  const auto load = [&](std::optional<Picture>& into, std::string_view option,
                        const config::Path& path, std::size_t max, bool ico_too) {
    if (path.empty()) return;
    auto picture = read_picture(option, path.value, max, ico_too);
    if (picture) {
      into = std::move(*picture);
    } else {
      errors.push_back(std::move(picture.error()));
    }
  };
  Branding branding{.name = options.name, .help = options.help};
  load(branding.logo, "logo", options.logo, kMaxLogo, false);
  load(branding.favicon, "favicon", options.favicon, kMaxFavicon, true);
  if (const auto colour = parse_colour(options.accent_colour)) {
    branding.accents = accents_of(*colour);
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return branding;
}

Picture default_favicon() {
  const auto file = std::ranges::find(web_files(), "favicon.svg"sv, &WebFile::name);
  return make_picture("favicon", std::string(file->text), kMaxFavicon, false).value();
}

http::Response answer(const Picture& picture, bool for_good) {
  http::Response response;
  response.content_type = picture.content_type;
  response.body = picture.bytes;
  // An SVG that is opened by itself is a document of this origin: it may paint itself with what it
  // holds, and nothing else.
  response.headers = {{"Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; "
                       "frame-ancestors 'none'"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Cache-Control",
                       for_good ? "public, max-age=31536000, immutable" : "public, max-age=86400"}};
  return response;
}

}  // namespace latchkey::html
