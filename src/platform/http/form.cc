#include "platform/http/form.h"

#include <algorithm>
#include <utility>

#include "platform/http/field.h"
#include "platform/http/percent.h"

namespace latchkey::http {

std::expected<Form, FormError> Form::parse(std::string_view text, std::size_t max_fields) {
  Form form;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (form.fields_.size() == max_fields) return std::unexpected(FormError::too_many_fields);
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals), Plus::space);
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), Plus::space);
    if (!name || !value) return std::unexpected(FormError::bad_encoding);
    form.fields_.push_back({std::move(*name), std::move(*value)});
  }
  return form;
}

std::string encode_form(std::span<const Form::Field> fields) {
  std::string text;
  for (const Form::Field& field : fields) {
    if (!text.empty()) text.push_back('&');
    text.append(percent_encode(field.name)).push_back('=');
    text.append(percent_encode(field.value));
  }
  return text;
}

std::expected<std::optional<std::string_view>, Duplicated> Form::only(std::string_view name) const {
  const auto first = std::ranges::find(fields_, name, &Field::name);
  if (first == fields_.end()) return std::nullopt;
  if (std::find_if(first + 1, fields_.end(), [name](const Field& f) { return f.name == name; }) !=
      fields_.end()) {
    return std::unexpected(Duplicated{});
  }
  return first->value;
}

bool has_form(const Request& request) {
  const std::string_view type = request.header("Content-Type");
  return request.header_count("Content-Type") == 1 &&
         same_name(trim(type.substr(0, type.find(';'))), "application/x-www-form-urlencoded");
}

}  // namespace latchkey::http
