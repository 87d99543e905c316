#include "platform/http/packed_query.h"

#include <algorithm>
#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>
#include <stdexcept>

#include "platform/text/base64.h"

namespace latchkey::http {
namespace {

namespace zlib = boost::beast::zlib;

}  // namespace

std::string pack_query(std::string_view query) {
  zlib::deflate_stream deflate;
  std::string bytes(deflate.upper_bound(query.size()) + 16, '\0');
  zlib::z_params step;
  step.next_in = query.data();
  step.avail_in = query.size();
  step.next_out = bytes.data();
  step.avail_out = bytes.size();
  boost::beast::error_code fault;
  deflate.write(step, zlib::Flush::finish, fault);
  if (fault != zlib::error::end_of_stream) throw std::runtime_error("deflate: " + fault.message());
  bytes.resize(step.total_out);
  return text::encode_base64url(bytes);
}

std::optional<std::string> unpack_query(std::string_view packed, std::size_t longest) {
  const auto bytes = text::decode_base64url(packed);
  if (!bytes) return std::nullopt;
  zlib::inflate_stream inflate;
  std::string query(longest + 1, '\0');  // one more, to see that it is too long
  zlib::z_params step;
  step.next_in = bytes->data();
  step.avail_in = bytes->size();
  step.next_out = query.data();
  step.avail_out = query.size();
  boost::beast::error_code fault;
  inflate.write(step, zlib::Flush::sync, fault);
  if (fault != zlib::error::end_of_stream || step.avail_in != 0) return std::nullopt;
  if (step.total_out > longest) return std::nullopt;
  query.resize(step.total_out);
  return query;
}

}  // namespace latchkey::http
