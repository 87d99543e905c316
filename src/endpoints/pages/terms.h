#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/accounts/terms.h"
#include "endpoints/pages/language.h"
#include "platform/html/values.h"
#include "platform/http/form.h"

// The documents that a person agrees to, as web/terms.html shows them.
namespace latchkey::pages {

// The name of every box.
inline constexpr std::string_view kAccepted = "accepted";

struct Policy {
  std::string id;  // the value of its box
  std::string name;
  std::string url;
  bool ticked = false;
};

// Each document in the person's language, else in English, else in any.
std::vector<Policy> policies_in(const Language& language, const accounts::Terms& terms,
                                const http::Form& sent);
bool all_ticked(std::span<const Policy> policies);

// `wrong`: all had to be ticked. The first that is not has the focus, if it is to be here.
void put_policies(html::Values& values, std::span<const Policy> policies, bool wrong, bool focus);

}  // namespace latchkey::pages
