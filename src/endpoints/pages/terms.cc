#include "endpoints/pages/terms.h"

#include <algorithm>

namespace latchkey::pages {
std::vector<Policy> policies_in(const Language& language, const accounts::Terms& terms,
                                const http::Form& sent) {
  std::vector<Policy> list;
  for (const auto& [id, policy] : terms.policies()) {
    const auto& document = document_in(language, policy.as_object());
    const bool ticked = std::ranges::any_of(sent.fields(), [&](const http::Form::Field& field) {
      return field.name == kAccepted && field.value == id;
    });
    list.push_back({.id = id,
                    .name = std::string(document.at("name").as_string()),
                    .url = std::string(document.at("url").as_string()),
                    .ticked = ticked});
  }
  return list;
}

bool all_ticked(std::span<const Policy> policies) {
  return std::ranges::all_of(policies, &Policy::ticked);
}

void put_policies(html::Values& values, std::span<const Policy> policies, bool wrong, bool focus) {
  int number = 0;
  for (const Policy& policy : policies) {
    html::Values& row = values.add("POLICY");
    row.set("NUMBER", std::to_string(++number)).set_sent("ID", policy.id);
    row.set("NAME", policy.name).set("URL", policy.url);
    if (policy.ticked) {
      row.add("TICKED");
    } else if (wrong) {
      html::Values& invalid = row.add("INVALID");
      if (focus) invalid.add("FOCUS");
      focus = false;
    }
  }
}

}  // namespace latchkey::pages
