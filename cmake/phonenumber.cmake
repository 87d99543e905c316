# libphonenumber brings no CMake files, and its development package cannot be installed beside Boost
# 1.81: ./dev unpacks it (docs/decisions/0009-phone-numbers.md). Defines phonenumber.

find_package(Protobuf REQUIRED)
find_path(PHONENUMBER_INCLUDE phonenumbers/phonenumberutil.h
  HINTS ${CMAKE_SOURCE_DIR}/.cache/packages/libphonenumber-dev/usr/include REQUIRED)
# By its full name: the plain one belongs to the development package.
find_library(PHONENUMBER_LIBRARY libphonenumber.so.8 REQUIRED)

add_library(phonenumber INTERFACE IMPORTED)
target_include_directories(phonenumber SYSTEM INTERFACE ${PHONENUMBER_INCLUDE})
target_link_libraries(phonenumber INTERFACE ${PHONENUMBER_LIBRARY} protobuf::libprotobuf)
