# Embeds the catalogue of texts, web/texts/*.json, in the program: a header with a type for each key,
# so that a text which is not there does not compile, and a .cc with what each language says.
#
# latchkey_embed_texts(generated web/texts)

function(latchkey_embed_texts output folder)
  file(GLOB languages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.json)
  set(generated ${CMAKE_BINARY_DIR}/generated)
  add_custom_command(
    OUTPUT ${generated}/texts.cc
    BYPRODUCTS ${generated}/text_keys.h
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/texts.py generate ${generated}
    COMMAND ${CMAKE_COMMAND} -E touch ${generated}/texts.cc
    DEPENDS ${languages} ${CMAKE_SOURCE_DIR}/tools/texts.py
    COMMENT "Embedding ${folder}/"
    VERBATIM)
  set(${output} ${generated}/texts.cc PARENT_SCOPE)
endfunction()
