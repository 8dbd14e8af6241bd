# What `cmake --install` gives, so that find_package(covey) gives the targets covey::secagg, covey::client, … out of tree.
# The code generated from the wire's schema is linked in, but its headers are nobody's.

include(CMakePackageConfigHelpers)

get_property(libraries GLOBAL PROPERTY COVEY_INSTALLED_LIBRARIES)
install(TARGETS ${libraries} EXPORT covey FILE_SET HEADERS)
install(TARGETS covey_proto covey_client EXPORT covey)
if(NOT COVEY_DEVICE_ONLY)
  install(TARGETS covey_grpc covey_proto_grpc EXPORT covey)  # that covey::client_grpc links
  install(TARGETS covey-secagg-parameters)
endif()

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/covey")
install(EXPORT covey NAMESPACE covey:: FILE coveyTargets.cmake DESTINATION "${package_dir}")
configure_package_config_file(cmake/coveyConfig.cmake.in "${CMAKE_BINARY_DIR}/coveyConfig.cmake"
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/coveyConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/coveyConfig.cmake" "${CMAKE_BINARY_DIR}/coveyConfigVersion.cmake"
        DESTINATION "${package_dir}")
