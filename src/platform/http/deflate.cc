#include "platform/http/deflate.h"

#include <zlib.h>

#include <limits>
#include <memory>
#include <new>
#include <stdexcept>

// zlib rather than the streams of Boost.Beast: its inflate_stream (1.81) asks for input behind the
// end of one valid stream in five.
namespace latchkey::http {
namespace {

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

std::string deflated(std::string_view bytes) {
  z_stream stream{};
  constexpr int kUsualMemory = 8;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawDeflate, kUsualMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<z_stream, decltype(&deflateEnd)> guard(&stream, &deflateEnd);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  set_buffers(stream, bytes, out);
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("zlib: deflate");
  out.resize(stream.total_out);
  return out;
}

std::optional<std::string> inflated(std::string_view bytes, std::size_t longest) {
  z_stream stream{};
  if (inflateInit2(&stream, kRawDeflate) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, &inflateEnd);
  std::string out(longest + 1, '\0');  // one more, to see that it is too long
  set_buffers(stream, bytes, out);
  const int end = inflate(&stream, Z_FINISH);
  if (end != Z_STREAM_END || stream.avail_in != 0) return std::nullopt;
  if (stream.total_out > longest) return std::nullopt;
  out.resize(stream.total_out);
  return out;
}

}  // namespace latchkey::http
