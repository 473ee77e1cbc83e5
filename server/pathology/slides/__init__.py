"""Whole-slide images: conversion of scanners' files, where they belong, annotations."""
