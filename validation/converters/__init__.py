"""Our converters beside published ones: stand-alone ones of a survey, and those inside macros."""
