#include "endpoints/pages/fault.h"

#include <algorithm>

#include "endpoints/pages/next.h"
#include "endpoints/pages/texts.h"

namespace latchkey::pages {
namespace {

std::string_view what_happened(int status) {
  if (status == 503 || status == 408 || status == 429) return "FAULT_PASSES";
  if (status >= 500) return "FAULT_SERVER";
  return status == 404 || status == 405 ? "FAULT_NO_PAGE" : "FAULT_REQUEST";
}

}  // namespace

bool is_page(std::string_view path) {
  return path == "/account" || path.starts_with("/account/") || path == "/link" ||
         path == "/oauth2/authorize" || path == "/oauth2/logout";
}

http::Response fault_page(const AccountPages& pages, const http::Request& request,
                          const http::Response& plain) {
  const Language language = language_of(request);
  const std::string title(what_happened(plain.status));
  http::Response response = show_message(pages, request,
                                         {.status = plain.status,
                                          .title = std::string(text(language, title)),
                                          .sentence = std::string(text(language, title + "_WHY")),
                                          .link = std::string(kHome),
                                          .link_text = std::string(text(language, "BACK_HOME"))});
  std::ranges::copy_if(plain.headers, std::back_inserter(response.headers),
                       [](const auto& header) { return header.first == "Retry-After"; });
  return response;
}

}  // namespace latchkey::pages
