#pragma once

#include <span>
#include <string_view>

namespace latchkey::html {

struct WebFile {
  std::string_view name;  // "layout.html"
  std::string_view text;
};

// The files of web/, by name, embedded at build time.
std::span<const WebFile> web_files();

}  // namespace latchkey::html
