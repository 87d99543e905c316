#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/config/attributes.h"
#include "platform/config/types.h"
#include "platform/html/colour.h"
#include "platform/http/message.h"

// The operator's own look of the pages. Files are read once, at the start; they are served under a
// name that has the hash of what they hold, so that browsers may keep them for good.
namespace latchkey::html {

// The options of `branding:`.
struct BrandingOptions {
  std::string name = {};
  config::Path logo = {};
  config::Path favicon = {};
  std::string accent_colour = {};
  std::string help = {};

  template <class Visitor>
  void options(Visitor& visit) {
    visit("name", name,
          "What people call the service. It stands beside the server name and in the titles of "
          "windows.",
          config::Between{0, 100}, config::Example{"Example Chat"});
    visit("logo", logo,
          "A picture at the top of each page, up to 256KiB: SVG, PNG or WebP. Read at the start.",
          config::Example{"logo.svg"});
    visit("favicon", favicon,
          "The picture in the tabs of browsers, up to 64KiB: SVG, PNG, WebP or ICO. If not given, "
          "it is a key of ours. Read at the start.",
          config::Example{"favicon.png"});
    visit("accent_colour", accent_colour,
          "The colour of buttons and links, in quotes. White text must be read on it (a contrast "
          "of 4.5); dark pages have a lighter one of its hue.",
          config::Example{"\"#14664a\""});
    visit("help", help,
          "Where people find help: an https address, or mailto: with an e-mail address. Each page "
          "has a link to it.",
          config::Example{"mailto:help@example.com"});
  }

  // What can be seen without the files.
  std::vector<std::string> problems() const;
};

// What a picture is, by its first bytes.
enum class PictureType { png, webp, svg, ico };
std::optional<PictureType> picture_type(std::string_view bytes);

// As it is served.
struct Picture {
  std::string name;               // of the file, with the hash: "logo-….svg"
  std::string_view content_type;  // one of ours
  std::string bytes;
};

inline constexpr std::size_t kMaxLogo = std::size_t{256} << 10;
inline constexpr std::size_t kMaxFavicon = std::size_t{64} << 10;

// `use` begins the name: "logo". What is wrong with the bytes is the end of a sentence that begins
// with the file's name: "is a JPEG; …".
std::expected<Picture, std::string> make_picture(std::string_view use, std::string bytes,
                                                 std::size_t max, bool ico_too);

struct Branding {
  std::string name = {};  // empty: none
  std::optional<Picture> logo = {};
  std::optional<Picture> favicon = {};  // the operator's
  std::optional<Accents> accents = {};
  std::string help = {};  // empty: none
};

// Each error begins with the name of its option. `options` have no problems().
std::expected<Branding, std::vector<std::string>> load_branding(const BrandingOptions& options);

// The icon for who has none of their own.
Picture default_favicon();

// Where the pictures are served, each by its name.
inline constexpr std::string_view kPictures = "/account/branding/";

// For a browser, which keeps it for a day; `for_good`: under this address it never changes.
http::Response answer(const Picture& picture, bool for_good);

}  // namespace latchkey::html
