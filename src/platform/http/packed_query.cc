#include "platform/http/packed_query.h"

#include <zlib.h>

#include <limits>
#include <memory>
#include <stdexcept>

#include "platform/text/base64.h"

// zlib rather than the streams of Boost.Beast: its inflate_stream (1.81) asks for input behind the
// end of one valid stream in five.
namespace latchkey::http {
namespace {

// Without a header and a checksum: what was changed on the way is no request, or another one.
constexpr int kRawDeflate = -MAX_WBITS;

// zlib counts in 32 bits, and reads only what is at next_in.
void set_buffers(z_stream& stream, std::string_view in, std::string& out) {
  if (in.size() > std::numeric_limits<uInt>::max()) throw std::length_error("zlib: too long");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
}

}  // namespace

std::string pack_query(std::string_view query) {
  z_stream stream{};
  constexpr int kUsualMemory = 8;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawDeflate, kUsualMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<z_stream, decltype(&deflateEnd)> guard(&stream, &deflateEnd);
  std::string bytes(deflateBound(&stream, query.size()), '\0');
  set_buffers(stream, query, bytes);
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("zlib: deflate");
  bytes.resize(stream.total_out);
  return text::encode_base64url(bytes);
}

std::optional<std::string> unpack_query(std::string_view packed, std::size_t longest) {
  const auto bytes = text::decode_base64url(packed);
  if (!bytes) return std::nullopt;
  z_stream stream{};
  if (inflateInit2(&stream, kRawDeflate) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, &inflateEnd);
  std::string query(longest + 1, '\0');  // one more, to see that it is too long
  set_buffers(stream, *bytes, query);
  const int end = inflate(&stream, Z_FINISH);
  if (end != Z_STREAM_END || stream.avail_in != 0) return std::nullopt;
  if (stream.total_out > longest) return std::nullopt;
  query.resize(stream.total_out);
  return query;
}

}  // namespace latchkey::http
