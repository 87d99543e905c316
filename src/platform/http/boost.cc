// The one translation unit that compiles Beast (BOOST_BEAST_SEPARATE_COMPILATION is set for
// all). Asio's is platform/asio/asio.cc.
#include <boost/beast/src.hpp>
